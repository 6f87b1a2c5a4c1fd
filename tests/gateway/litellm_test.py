"""The LiteLLM gateway against the real LiteLLM proxy: two workers, its mock answers, and a made-up provider on loopback.

    litellm_test.py [WORD...]    only the tests with one of the words in their names

Prints "ok WHAT" or "not ok WHAT" a line and closes with "N passed, N failed".
"""

import sys

sys.dont_write_bytecode = True

import litellm_rules  # noqa: E402
import litellm_switch  # noqa: E402
from litellm_lab import Lab, check, results  # noqa: E402


def main():
    words = sys.argv[1:]
    lab = Lab()
    try:
        lab.apply_nowait()
        lab.start()
        for name, test in [*vars(litellm_switch).items(), *vars(litellm_rules).items()]:
            if name.startswith("test_") and (not words or any(w in name for w in words)):
                try:
                    test(lab)
                except Exception as e:  # a test that breaks off has failed; the others go on
                    check(name, False, repr(e))
                    if lab.process is None or lab.process.poll() is not None:
                        raise
    except Exception as e:
        check("the proxy runs", False, f"{e!r}\n{lab.tail()}")
    finally:
        if not all(results):
            print(lab.tail())
        lab.close()
    print(f"{results.count(True)} passed, {results.count(False)} failed")
    return 0 if results and all(results) else 1


sys.exit(main())

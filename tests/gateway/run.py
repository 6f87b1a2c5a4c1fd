"""Runs the gateway's tests against the real nginx: `run.py [calls] [policy] [switch] [loop] [sdk]`,
the first three without names."""
import sys

sys.dont_write_bytecode = True

import importlib  # noqa: E402

from lab import Report  # noqa: E402

report = Report()
for name in sys.argv[1:] or ["calls", "policy", "switch"]:
    report.run(name, importlib.import_module("test_" + name).run, report)
print(f"{report.passed} passed, {report.failed} failed")
sys.exit(1 if report.failed else 0)

#!/bin/sh
# test_decisions: the LiteLLM gateway's reader of the policy file, which needs no LiteLLM: the shared decision cases, and what
# it keeps between calls.
python3 tests/gateway/decisions_test.py
one=$?
python3 tests/gateway/state_test.py && exit $one

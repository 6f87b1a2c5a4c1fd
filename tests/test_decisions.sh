#!/bin/sh
# test_decisions: every reader of the policy file that needs no server decides the shared cases alike.
exec python3 tests/gateway/decisions_test.py

# tollwatch: `make run` and `make test` are all a new user needs; `make help` lists the rest.
# Sources, data files and tests are found by wildcard: a new file needs no edit here.

BUILD   ?= build
PREFIX  ?= /usr/local
CC      ?= cc
VERSION := 0.1.0

WARN     := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror
OPT      ?= -O2 -g
CPPFLAGS += -I. -I$(BUILD) -D_GNU_SOURCE -DTOLLWATCH_VERSION='"$(VERSION)"' -DNCURSES_WIDECHAR=1
CFLAGS   += -std=c17 $(WARN) $(OPT) -fno-strict-aliasing -fstack-protector-strong $(SANITIZE)
CFLAGS   += -include store/banned.h
LDFLAGS  += $(SANITIZE) -pthread
LDLIBS   += -lncursesw -ltinfo -lsqlite3 -ljansson -lz -linih -lm

SOURCES := $(wildcard store/*.c collectors/*.c collectors/providers/*.c collectors/channels/*.c tui/*.c)
DATA    := $(sort $(wildcard collectors/formats/*.json store/*.sql store/prices.csv store/products.csv themes/*.theme))
OBJECTS := $(SOURCES:%.c=$(BUILD)/%.o) $(BUILD)/data_files.o
LIBRARY := $(filter-out $(BUILD)/tui/main.o,$(OBJECTS))
TESTS   := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/test_*.c))
BENCHES := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/bench_*.c tests/corpus_*.c))

.PHONY: all run test test-litellm check bench demo deps lint format asan tsan valgrind fuzz install uninstall clean help
.DEFAULT_GOAL := all

all: $(BUILD)/tollwatch

$(BUILD)/tollwatch: $(OBJECTS)
	$(CC) $(LDFLAGS) -o $@ $(OBJECTS) $(LDLIBS)

$(BUILD)/libtollwatch.a: $(LIBRARY)
	@rm -f $@
	ar rcs $@ $(LIBRARY)

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -pthread -MMD -MP -c -o $@ $<

# Data files are compiled in with .incbin; the list changes only when a file comes or goes.
$(BUILD)/data_files.c: $(DATA) store/embed.sh
	@mkdir -p $(@D)
	sh store/embed.sh $(DATA) > $@

$(BUILD)/data_files.o: $(BUILD)/data_files.c $(DATA)
	$(CC) $(CPPFLAGS) -std=c17 $(OPT) -MMD -MP -c -o $@ $<

$(BUILD)/tests/%: tests/%.c $(BUILD)/libtollwatch.a
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -pthread -MMD -MP $(LDFLAGS) -o $@ $< $(BUILD)/libtollwatch.a $(LDLIBS) -lcmocka

$(BUILD)/fuzz/%: tests/%.c $(SOURCES) $(BUILD)/data_files.c
	@mkdir -p $(@D)
	clang $(CPPFLAGS) -std=c17 $(WARN) -O1 -g -fsanitize=fuzzer,address,undefined -include store/banned.h -pthread \
	    -o $@ $< $(filter-out tui/main.c,$(SOURCES)) $(BUILD)/data_files.c $(LDLIBS)

-include $(OBJECTS:.o=.d) $(TESTS:=.d) $(BENCHES:=.d)

# ---- what a new machine needs (Debian names; other systems: install the same libraries) ----
PACKAGES_BUILD := gcc libc6-dev libncurses-dev libcurl4-openssl-dev libsqlite3-dev libjansson-dev zlib1g-dev libinih-dev \
    tzdata ncurses-base ca-certificates
PACKAGES_TEST  := $(PACKAGES_BUILD) libcmocka-dev ncurses-term tmux gzip procps nginx-light libnginx-mod-http-lua lua-cjson python3 haproxy curl sqlite3
PACKAGES_GATEWAY := nginx-light libnginx-mod-http-lua lua-cjson python3
PACKAGES_DEV   := $(PACKAGES_TEST) clang libclang-rt-dev clang-format valgrind cppcheck

deps:
	@sh tests/deps.sh $(PACKAGES_DEV)

# The first build takes a while and is silent: it says so, and uses two cores.
BUILD_NOW = @[ -x $(BUILD)/tollwatch ] || echo 'tollwatch: building, for about half a minute' >&2; $(MAKE) -s -j2 all

run:
	@sh tests/deps.sh $(PACKAGES_BUILD)
	$(BUILD_NOW)
	@exec $(BUILD)/tollwatch $(ARGS)

demo:
	@sh tests/deps.sh $(PACKAGES_BUILD)
	$(BUILD_NOW)
	@exec $(BUILD)/tollwatch demo

# The real gateway on loopback in front of a made-up vendor, with a load that ends by itself: flip the switch and see.
GATEWAY_SECONDS ?= 1800
GATEWAY_RATE    ?= 5
gateway:
	@sh tests/deps.sh $(PACKAGES_BUILD) $(PACKAGES_GATEWAY)
	$(BUILD_NOW)
	@TOLLWATCH=$(abspath $(BUILD))/tollwatch exec /usr/bin/python3 tests/gateway/demo.py $(BUILD)/gateway $(GATEWAY_SECONDS) $(GATEWAY_RATE)

test:
	@sh tests/deps.sh $(PACKAGES_TEST)
	@$(MAKE) -s -j2 check

# The LiteLLM gateway against the real LiteLLM, from the Python package index: slow the first time (a minute, 750 MB in $(BUILD)).
test-litellm:
	@sh tests/deps.sh $(PACKAGES_BUILD) python3 python3-venv
	@$(MAKE) -s all
	@BUILD=$(BUILD) TOLLWATCH=$(BUILD)/tollwatch sh tests/gateway/litellm.sh $(ARGS)

.PHONY: test-sdk gateway
# The gateway as the vendors' own client libraries see it; they come from npm, so this is no part of `make test`.
test-sdk:
	@sh tests/deps.sh $(PACKAGES_GATEWAY)
	@BUILD=$(abspath $(BUILD)) sh tests/gateway/sdk.sh

# Everything that proves the program, without installing anything.
check: $(BUILD)/tollwatch $(TESTS)
	@BUILD=$(BUILD) sh tests/run.sh

# The README's pictures, anew from the cells that are drawn; `make check` fails while they are not up to date.
.PHONY: pictures
pictures: $(BUILD)/tests/test_pictures
	@GOLDEN=write BUILD=$(BUILD) sh tests/run.sh test_pictures

# BENCH_MB=1000 for the large corpora; CCUSAGE=path of ccusage's native binary; BENCH="bench_query ..." for some of them.
bench:
	@sh tests/deps.sh $(PACKAGES_BUILD) $(PACKAGES_GATEWAY)
	@$(MAKE) -s all $(BENCHES)
	@BUILD=$(BUILD) sh tests/bench.sh

lint: all $(BUILD)/libtollwatch.a
	@BUILD=$(BUILD) sh tests/lint.sh
	@$(MAKE) -s -j2 CC=clang BUILD=$(BUILD)/clang OPT=-O1 all

format:
	clang-format -i $(wildcard */*.c */*.h)

asan:
	@$(MAKE) -s -j2 BUILD=$(BUILD)/asan OPT='-O1 -g -DTOLLWATCH_SANITIZED' \
	    SANITIZE='-fsanitize=address,undefined -fno-sanitize-recover=all' check

tsan:
	@$(MAKE) -s -j2 BUILD=$(BUILD)/tsan OPT='-O1 -g -DTOLLWATCH_SANITIZED' SANITIZE=-fsanitize=thread check

valgrind: $(TESTS)
	@BUILD=$(BUILD) WRAP='valgrind -q --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=definite' \
	    sh tests/run.sh test_base test_price test_format test_ledger

# FUZZ_SECONDS each; the corpus of seeds is kept small in tests/corpus/.
FUZZ_SECONDS ?= 60
fuzz: $(patsubst tests/%.c,$(BUILD)/fuzz/%,$(wildcard tests/fuzz_*.c))
	@for f in $^; do n=$${f##*/fuzz_}; mkdir -p $(BUILD)/corpus/$$n; \
	    $$f -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=512 $(BUILD)/corpus/$$n tests/corpus/$$n || exit 1; done

# ---- installing: PREFIX and DESTDIR are honoured ----
install: all
	install -D -m 755 $(BUILD)/tollwatch $(DESTDIR)$(PREFIX)/bin/tollwatch
	@mkdir -p $(BUILD)/share
	$(BUILD)/tollwatch help-man > $(BUILD)/share/tollwatch.1
	for s in bash zsh fish; do $(BUILD)/tollwatch help-completion $$s > $(BUILD)/share/$$s || exit 1; done
	install -D -m 644 $(BUILD)/share/tollwatch.1 $(DESTDIR)$(PREFIX)/share/man/man1/tollwatch.1
	install -D -m 644 $(BUILD)/share/bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/tollwatch
	install -D -m 644 $(BUILD)/share/zsh $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_tollwatch
	install -D -m 644 $(BUILD)/share/fish $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/tollwatch.fish
	find collectors/gateways -type f ! -name '*.pyc' | while read -r f; do \
	    install -D -m 644 "$$f" "$(DESTDIR)$(PREFIX)/share/tollwatch/$${f#collectors/}" || exit 1; done
	install -D -m 644 collectors/formats/FORMAT.md $(DESTDIR)$(PREFIX)/share/tollwatch/formats/FORMAT.md

uninstall:
	rm -rf $(DESTDIR)$(PREFIX)/share/tollwatch
	rm -f $(DESTDIR)$(PREFIX)/bin/tollwatch $(DESTDIR)$(PREFIX)/share/man/man1/tollwatch.1 \
	    $(DESTDIR)$(PREFIX)/share/bash-completion/completions/tollwatch \
	    $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_tollwatch \
	    $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/tollwatch.fish

help:
	@echo 'make run      install what is missing, build, open the dashboard (ARGS="..." are passed on)'
	@echo 'make test     install what tests need, build, run all tests'
	@echo 'make test-litellm   the LiteLLM gateway against the real LiteLLM, which it installs into $(BUILD)'
	@echo 'make demo     the dashboard on a made-up load'
	@echo 'make test-sdk  the gateway through the real openai and @anthropic-ai/sdk packages from npm'
	@echo 'make gateway  a real nginx gateway with a load on loopback: flip the switch and see'
	@echo 'make all      build $(BUILD)/tollwatch     make install  PREFIX=$(PREFIX) DESTDIR=$(DESTDIR)'
	@echo 'make pictures  the pictures in the README anew'
	@echo 'make bench    measure against others, as ratios     make lint  layers, sizes, words, clang'
	@echo 'make asan, make tsan, make valgrind, make fuzz, make format, make deps, make uninstall, make clean'

clean:
	rm -rf $(BUILD)

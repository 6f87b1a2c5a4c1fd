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
LDLIBS   += -lncursesw -ltinfo -lcurl -lsqlite3 -ljansson -lz -linih -lm

SOURCES := $(wildcard store/*.c collectors/*.c collectors/providers/*.c tui/*.c)
DATA    := $(sort $(wildcard collectors/formats/*.json store/*.sql store/prices.csv themes/*.theme))
OBJECTS := $(SOURCES:%.c=$(BUILD)/%.o) $(BUILD)/data_files.o
LIBRARY := $(filter-out $(BUILD)/tui/main.o,$(OBJECTS))
TESTS   := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/test_*.c))
BENCHES := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/bench_*.c))

.PHONY: all run test check bench demo deps lint format asan tsan fuzz install uninstall clean help
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
	$(CC) $(CPPFLAGS) -std=c17 $(OPT) -c -o $@ $<

$(BUILD)/tests/%: tests/%.c $(BUILD)/libtollwatch.a
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -pthread -MMD -MP $(LDFLAGS) -o $@ $< $(BUILD)/libtollwatch.a $(LDLIBS) -lcmocka

-include $(OBJECTS:.o=.d) $(TESTS:=.d)

clean:
	rm -rf $(BUILD)

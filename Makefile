# Mortise: one non-recursive Makefile.  `make help` lists the targets.
# V=debug|release|asan|tsan|cover chooses the variant; objects of variants never mix.

V      ?= debug
B      := build/$(V)
CC     := gcc
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2 -Wundef \
        -Wcast-qual -Wwrite-strings -Wconversion -Wno-sign-conversion -Wswitch-enum -Werror
BASE := -std=c17 -D_POSIX_C_SOURCE=200809L -I. -I$(B)/gen -ffp-contract=off -fvisibility=hidden -g -pthread
OPT_debug   := -O1
OPT_release := -O2 -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
OPT_asan    := -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
OPT_tsan    := -O1 -fsanitize=thread -fno-omit-frame-pointer
OPT_cover   := -O0 --coverage
LD_release  := -pie -Wl,-z,relro,-z,now
LD_asan     := -fsanitize=address,undefined
LD_tsan     := -fsanitize=thread
LD_cover    := --coverage

LIBS   := sqlite3 lua5.4 libmicrohttpd yaml-0.1 jansson libsodium libutf8proc zlib libcurl
CFLAGS  = $(BASE) $(WARN) $(OPT_$(V)) $(shell pkg-config --cflags $(LIBS))
LDLIBS  = $(LD_$(V)) $(shell pkg-config --libs $(LIBS)) -lm -pthread

ENGINE_C  := $(filter-out %_wasm.c,$(wildcard engine/*.c engine/*/*.c))
RUNTIME_C := $(wildcard runtime/*.c)
ENGINE_O  := $(ENGINE_C:%.c=$(B)/%.o)
RUNTIME_O := $(RUNTIME_C:%.c=$(B)/%.o)
UNIT_C    := $(wildcard tests/unit/test_*.c)
UNIT      := $(UNIT_C:%.c=$(B)/%)

all: $(B)/mortise ## the server binary

$(B)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -MMD -MP -c $< -o $@

$(B)/libengine.a: $(ENGINE_O)
	@rm -f $@
	ar rcs $@ $^

$(B)/mortise: $(RUNTIME_O) $(B)/libengine.a
	$(CC) $^ -o $@ $(LDLIBS)

$(B)/tests/unit/%: $(B)/tests/unit/%.o $(B)/libengine.a
	$(CC) $^ -o $@ $(LDLIBS) -lcmocka

objs: $(ENGINE_O) $(RUNTIME_O) ## compile everything, link nothing

test-unit: $(UNIT) ## unit tests
	@for t in $(UNIT); do $$t || exit 1; done

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' Makefile

clean: ## remove build/
	rm -rf build

-include $(ENGINE_O:.o=.d) $(RUNTIME_O:.o=.d) $(UNIT_C:%.c=$(B)/%.d)
.PHONY: all objs test-unit help clean

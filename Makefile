# The zoo's commands; `make help` lists them. The first one that needs Python sets .venv up.
#
# What a user gives, TEXT="it's $5" say, is taken word for word: it reaches the shell as an environment variable and is
# never part of a command, so nothing in it is executed.

GIVEN = TASK DATA VALIDATION TEST FOLD COLUMNS CELL SET SEED QUICK RESUME WORKERS RUN TEXT INPUT JSON EXPLAIN FROM TO NAME CELLS LENGTHS SEEDS RECORD ONLY ARGS PYTHON
comma := ,
ifeq (environment,$(origin COLUMNS)$(findstring =,$(COLUMNS))$(findstring $(comma),$(COLUMNS)))
override COLUMNS :=  # the width of a terminal, which some shells hand on
endif
$(foreach name,$(GIVEN),$(eval override $(name) := $$(value $(name))))
export $(GIVEN)
export TF_CPP_MIN_LOG_LEVEL ?= 2
export KERAS_BACKEND := tensorflow
unexport PYTHONDONTWRITEBYTECODE  # compiled modules start in half the time

COMMANDS = list train validate evaluate predict inspect export new record curve results probe docs strip bench test test-data fuzz check format
ZOO = .venv/bin/python -m tasks

# $(call option,DATA,data) is --data="$DATA" if DATA was given; $(call switch,QUICK,quick) is --quick unless it is 0.
option = $${$(1):+--$(2)="$$$(1)"}
switch = $(if $(filter-out 0 no false,$($(1))),--$(2))
quoted = '$(subst ','\'',$(1))'

.DEFAULT_GOAL := help
.PHONY: help clean $(COMMANDS)
$(COMMANDS): .venv/ready

example = make $(firstword $(MAKECMDGOALS)) TASK=$(if $(filter new,$(MAKECMDGOALS)),spam FROM=)sentiment
need = $(if $(strip $($(1))),,$(error $(1) is missing. Say $(example), for example; `make list` names every task))
ifneq (,$(filter probe,$(MAKECMDGOALS)))
$(if $(strip $(NAME)),,$(error NAME is missing. Say make probe NAME=adding, for example; `make help` names every probe))
endif
ifneq (,$(filter train validate new record curve,$(MAKECMDGOALS)))
$(call need,TASK)
endif
ifneq (,$(filter new,$(MAKECMDGOALS)))
$(call need,FROM)
endif
ifneq (,$(filter export,$(MAKECMDGOALS)))
$(call need,TO)
endif

## this list
help:
	@awk '/^## / { lines[n++] = substr($$0, 4) } \
	    /^[a-z-]+:/ { for (i = 0; i < n; i++) printf "%-14s %s\n", i ? "" : "make " $$1, lines[i]; n = 0 }' \
	    FS=: Makefile

## every task with its shape, data sets, metric and recorded result
list:
	@$(ZOO) list

## train a model and compare it with the baselines on test
##   TASK=sentiment [DATA=sst2 or your own file] [CELL=simple_rnn, gru or lstm] [SET="epochs=3 units=64"]
##   [SEED=1] [QUICK=1] [RESUME=1] [WORKERS=2] [VALIDATION=dev.csv] [TEST=test.csv] [FOLD=3]
##   [COLUMNS="text=review label=sentiment", or COLUMNS=text,label where the file has no header]
train:
	@$(ZOO) train "$$TASK" $(call option,DATA,data) $(call option,VALIDATION,validation) $(call option,TEST,test) \
	    $(call option,FOLD,fold) $(call option,COLUMNS,columns) $(call option,CELL,cell) $(call option,SET,set) \
	    $(call option,SEED,seed) $(call option,WORKERS,workers) $(call switch,QUICK,quick) $(call switch,RESUME,resume)

## check your own file without training
##   TASK=sentiment DATA=reviews.csv [VALIDATION=dev.csv] [TEST=test.csv] [COLUMNS=text,label] [JSON=1]
validate:
	@$(ZOO) validate "$$TASK" $(call option,DATA,data) $(call option,VALIDATION,validation) \
	    $(call option,TEST,test) $(call option,COLUMNS,columns) $(call option,SET,set) $(call switch,JSON,json)

## evaluate a trained run and write its report
##   [TASK=the one trained last] [RUN=the latest] [DATA=another set or file] [COLUMNS=text,label] [SET="name=value"]
evaluate:
	@$(ZOO) evaluate $${TASK:+"$$TASK"} $(call option,RUN,run) $(call option,DATA,data) $(call option,COLUMNS,columns) \
	    $(call option,SET,set)

## predict new inputs with a trained run: TEXT, the lines of INPUT, or those of standard input
##   [TASK=the one trained last] [TEXT="a fine film"] [INPUT=file] [COLUMNS=text,label] [RUN=the latest]
##   [SET="name=value"] [JSON=1] [EXPLAIN=1: the contribution of each step of the input to the answer]
predict:
	@$(ZOO) predict $${TASK:+"$$TASK"} $(call option,TEXT,text) $(call option,INPUT,input) $(call option,RUN,run) \
	    $(call option,COLUMNS,columns) $(call option,SET,set) $(call switch,JSON,json) $(call switch,EXPLAIN,explain)

## explain what the network of a trained run computes for one example: pages with pictures, in the folder of the run
##   [TASK=the one trained last] [RUN=the latest] [TEXT="a fine film" or INPUT=file; by default a test example]
inspect:
	@$(ZOO) inspect $${TASK:+"$$TASK"} $(call option,RUN,run) $(call option,TEXT,text) $(call option,INPUT,input)

## export a trained run to a folder that predicts without this repository
##   TO=folder [TASK=the one trained last] [RUN=the latest]
export:
	@$(ZOO) export $${TASK:+"$$TASK"} $(call option,TO,to) $(call option,RUN,run)

## start a task of your own as a copy of another
##   TASK=spam FROM=sentiment
new:
	@$(ZOO) new "$$TASK" $(call option,FROM,from)

## train the runs of a README's table, and write the table
##   TASK=sentiment [DATA=sst2] [CELLS="gru lstm"] [SEEDS="0 1 2"] [SET="name=value"]
record:
	@$(ZOO) record "$$TASK" $(call option,DATA,data) $(call option,CELLS,cells) $(call option,SEEDS,seeds) \
	    $(call option,SET,set)

## would more data help? train on an eighth, a quarter, half and all of train, and score each on validation
##   TASK=sentiment [DATA=sst2 or your own file] [VALIDATION=dev.csv] [CELL=gru] [SEEDS="0 1 2"] [SET="name=value"] [FOLD=3]
##   [COLUMNS=text,label]
curve:
	@$(ZOO) curve "$$TASK" $(call option,DATA,data) $(call option,VALIDATION,validation) $(call option,FOLD,fold) \
	    $(call option,COLUMNS,columns) $(call option,CELL,cell) $(call option,SEEDS,seeds) $(call option,SET,set)

## train every recorded row again; fails where a score differs by more than seeds explain, or no longer beats the baseline
##   [TASK=sentiment]
results:
	@$(ZOO) results $${TASK:+"$$TASK"}

## a memory probe, for each cell and length: tables and plots in runs/probes/
##   NAME=adding, copy, order, pixels or permuted [CELLS="gru lstm"] [LENGTHS="10 50 100"] [SEEDS="0 1 2"]
##   [RECORD=1: in docs/, in place of what is recorded there]
probe:
	@$(ZOO) probe "$$NAME" $(call option,CELLS,cells) $(call option,LENGTHS,lengths) $(call option,SEEDS,seeds) \
	    $(call switch,RECORD,record)

## the numbers and pictures of docs/ computed anew, and the notebook; fails where a number is no longer what the code gives
##   takes about 2 minutes
docs:
	@$(ZOO) docs

## docs/pictures/zoo.png from the reports of the latest runs of all tasks
strip:
	@$(ZOO) strip

## measure speed and memory compared with stock Keras and PyTorch
##   takes about 15 minutes and writes docs/benchmarks.md
##   [ONLY=step,pipeline: some of its tables] [QUICK=1: a short one that writes nothing]
bench:
	@.venv/bin/python -m bench $(call option,ONLY,only) $(call switch,QUICK,quick)

## all tests that need no real data sets
##   takes about 5 minutes on two cores; [ARGS="-k sentiment"]
test:
	@$(call pytest,not real_data)

## the tests that read the real data sets, which they take from ZOO_MIRROR
##   [ARGS="-k sst2"]
test-data:
	@$(call pytest,real_data)

pytest = PYTEST_ADDOPTS="-n auto --maxprocesses=8 --dist loadgroup -m '$(1)' $$PYTEST_ADDOPTS $$ARGS" .venv/bin/python -m pytest

## 50,000 damaged files, and as many damaged folders, for each reader: parsed, refused in one line, and nothing else
##   [ARGS=1000]; guided by coverage where atheris is installed
fuzz:
	@.venv/bin/python -m tests.fuzz $$ARGS && .venv/bin/python -m tests.folder_fuzz $$ARGS

## check lint, format and the layout rules
check:
	@failed=0; \
	.venv/bin/python -m ruff check --quiet . || failed=1; \
	.venv/bin/python -m ruff format --check --quiet . || failed=1; \
	$(ZOO) check || failed=1; \
	exit $$failed

## format the code
format:
	@.venv/bin/python -m ruff check --quiet --select I --fix . && .venv/bin/python -m ruff format --quiet .

## remove environments and caches; runs/ and data/ stay
clean:
	@rm -rf .venv .venv-torch .pytest_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# ---------------------------------------------------------------------------------------------------------- Set-up
# .venv/ready is written last: a set-up that was interrupted starts anew, and so does one whose interpreter or packages
# are gone, or which is not of the version that PYTHON asks for. A requirements.txt that was touched and not changed, by a
# checkout say, sets nothing up: .venv/installed holds what it was.

version = $(shell $(1) -c 'import sys, $(2); print(sys.version)' 2>/dev/null)
ifneq (,$(wildcard .venv/ready))
found := $(call version,.venv/bin/python,ruff)
wanted := $(if $(PYTHON),$(call version,$(call quoted,$(PYTHON)),sys),$(found))
ifneq ($(if $(found),$(found),broken),$(wanted))
.PHONY: .venv/ready
endif
endif

packages_are := $(shell test -e .venv/installed && { cmp -s requirements.txt .venv/installed && echo same || echo other; })
ifeq ($(packages_are),other)
.PHONY: .venv/ready
endif

candidates = $(if $(PYTHON),$(call quoted,$(PYTHON)),python3 python3.13 python3.12 python3.11)
supported = import ensurepip, sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
interpreter = $(shell for python in $(candidates); do \
    "$$python" -c '$(supported)' >/dev/null 2>&1 && echo "$$python" && break; done)
unsupported = Python 3.11, 3.12 or 3.13 with its venv module is needed, and is not among: $(candidates). \
    Name one: make $(MAKECMDGOALS) PYTHON=/usr/bin/python3.12
packages = import arch, keras, matplotlib.figure, num2words, pytest, sacrebleu, sklearn.linear_model, typer
starts = import common.cli, common.commands.list
progress = s/^ *(Downloading|Using cached) ([^-]+-[0-9.]+)[^ ]* \(([0-9]{2,}\.[0-9]+ MB)\).*/  \2, \3/p

# Importing the packages once shows that they work, and compiles just the modules in use: faster than all of them.
.venv/ready: $(if $(filter same,$(packages_are)),,requirements.txt)
	$(eval python := $(interpreter))
	$(if $(python),,$(error $(unsupported)))
	@echo "Setting up .venv with $$($(call quoted,$(python)) -V) (one time, about 2 minutes) ..."
	@rm -rf .venv
	@$(call quoted,$(python)) -m venv .venv
	@{ .venv/bin/python -m pip install --disable-pip-version-check --no-input --no-compile -r requirements.txt \
	    && echo "  looking whether all of it works" \
	    && .venv/bin/python -c '$(packages); $(starts)' \
	    && cp requirements.txt .venv/installed && touch .venv/ready; } 2>.venv/errors | tee .venv/log | sed -nE -e '$(progress)' -e '/^  looking/p'
	@test -e .venv/ready || { cat .venv/errors >&2; echo "error: .venv could not be set up; see above" >&2; exit 2; }

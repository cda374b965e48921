# The two commands of the README, and what they stand on. `make help` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
VENV := .venv
BIN := $(VENV)/bin
export RASA_TELEMETRY_ENABLED = false
export TF_CPP_MIN_LOG_LEVEL = 3
export SQLALCHEMY_SILENCE_UBER_WARNING = 1

.PHONY: help run test lint supply sbom unit files deploy conversations nlu faults browser proof train evaluate calibrate bench capacity lock clean soak

help: ## List what can be made
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

run: $(VENV)/.run ## Set everything up, train if needed, serve on 127.0.0.1:5005
	@$(BIN)/bot serve

test: $(VENV)/.dev ## Set everything up and run every test
	@bash scripts/test.sh

# The marker names the lock file it was made from, so that a changed lock is installed.
$(VENV)/.run: requirements.txt pyproject.toml scripts/setup.sh
	@bash scripts/setup.sh requirements.txt $@

$(VENV)/.dev: requirements-dev.txt pyproject.toml scripts/setup.sh
	@bash scripts/setup.sh requirements-dev.txt $@
	@touch $(VENV)/.run

lint: $(VENV)/.dev ## Style, types and YAML
	@bash scripts/test.sh lint

supply: $(VENV)/.dev ## Packages against their lock and known advisories; the code's own safety
	@bash scripts/test.sh supply

sbom: $(VENV)/.dev ## What it is made of, with licences: reports/sbom.json
	@$(BIN)/python -m scripts.sbom

unit: $(VENV)/.dev ## The core and the edges, in seconds
	@bash scripts/test.sh unit

conversations: $(VENV)/.dev ## Whole conversations with the trained model
	@bash scripts/test.sh conversations

proof: $(VENV)/.dev ## Write docs/proof.md from the tests and their last results
	@$(BIN)/python tests/proof.py

deploy: $(VENV)/.dev ## The files of deploy/, and a fleet behind the proxy
	@bash scripts/test.sh deploy

soak: $(VENV)/.dev ## Faults in their full numbers, and load; takes long
	@$(BIN)/pytest -q -s tests/load $(ARGS)

train: $(VENV)/.run ## Train a model for this code and data
	@$(BIN)/bot train

evaluate: $(VENV)/.dev ## Measure the reading on the development split: reports/reading.html
	@$(BIN)/python -m bot.nlu.evaluate

calibrate: $(VENV)/.dev ## Fit the weights of the reading again, after a change of data or method
	@$(BIN)/python -m bot.nlu.calibrate

capacity: $(VENV)/.run ## How many assistants so many people need, on paper
	@$(BIN)/python -m bench.capacity

bench: $(VENV)/.run ## Speed and size beside Rasa's starter bot: reports/bench.html; takes 15 minutes
	@$(BIN)/python -m bench $(ARGS)

lock: $(VENV)/.dev ## Write requirements*.txt again from pyproject.toml
	@bash scripts/lock.sh

clean: ## Remove the environment, models and reports
	rm -rf $(VENV) .venv-tools .rasa .bench models reports var

# demo: everything with demonstration data. test: the whole suite. setup: only what both install.
# bench: what the sender does a second, and what it costs (bench/README.md; e.g. ARGS="sending --rounds 5"). check: linters, types, import rules and catalogs, then the tests. dev: all processes, the web one restarts on changes.
PYTHON ?= python3
PORTAL = .venv/bin/python -m portal
RUN = @$(PYTHON) setup/python.py run && .venv/bin/python setup/frontend.py
DEV = @$(PYTHON) setup/python.py dev && .venv/bin/python setup/frontend.py && $(PORTAL) catalogs compile > /dev/null

.PHONY: demo dev setup test faults lint check bench
demo: ; $(RUN) && exec $(PORTAL) demo $(if $(RESET),--reset)
dev: ; $(DEV) && exec $(PORTAL) up --reload
setup: ; $(DEV)
test: ; $(DEV) && .venv/bin/python setup/browser.py && .venv/bin/python -m pytest -n auto --maxprocesses 4 --dist loadfile $(ARGS)
# faults: the long proof that nothing is lost and nothing sent twice (about an hour; ARGS=-k... for less).
faults: ; $(DEV) && .venv/bin/python -m pytest tests/faults -m long -s $(ARGS)
lint: ; $(DEV) && .venv/bin/python setup/lint.py
check: lint test
bench: ; $(DEV) && .venv/bin/python -m bench $(ARGS)

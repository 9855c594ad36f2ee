# Every command of the project. Each first makes .venv ready; that takes no time when it is.

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run test processes check e2e quality faults bench screenshots services messages lock

DJANGO = .venv/bin/python manage.py
# Containers like to forbid it, but tests that are compiled anew by each process take seconds to start.
PYTEST = PYTHONDONTWRITEBYTECODE= .venv/bin/python -m pytest
# What a server would be given, so that "check --deploy" judges the settings of a real site.
PRODUCTION = ENV_FILE=/dev/null DEBUG=False SITE_URL=https://blog.example.com \
	ALLOWED_HOSTS=blog.example.com TRUSTED_PROXIES=127.0.0.1 DATABASE_URL=sqlite://:memory: \
	EMAIL_URL=smtp+tls://mail.example.com \
	SECRET_KEY=judged-by-make-check-alone-never-used-by-any-site-0123456789

help: ## Show this list
	@sed -n 's/^\([a-z0-9]*\): ## \(.*\)/make \1|\2/p' Makefile | awk -F'|' '{ printf "%-18s%s\n", $$1, $$2 }'

run: ## Serve the site with its worker until Ctrl-C (PORT=9000 picks the port)
	@sh bootstrap.sh base --development
	@$(DJANGO) prepare
	@exec $(DJANGO) serve $(if $(PORT),--port $(PORT))

# A later option wins in pytest, so ARGS="-n 0" switches the parallel run off.
test: ## Run the tests on SQLite, and on the PostgreSQL that TEST_DATABASE_URL names (ARGS="-k word")
	@sh bootstrap.sh test
	@echo "Tests on SQLite"
	@env -u TEST_DATABASE_URL $(PYTEST) -n auto --ignore=tests/e2e $(ARGS)
ifneq ($(TEST_DATABASE_URL),)
	@echo "Tests on PostgreSQL"
	@$(PYTEST) -n auto --ignore=tests/e2e $(ARGS)
endif

processes: ## Run the tests that start real processes and kill or cut off many, on the same databases
	@$(MAKE) --no-print-directory test ARGS='-m processes $(ARGS)'

check: ## Look for faults without running the site: style, types, templates, settings, migrations
	@sh bootstrap.sh dev
	.venv/bin/ruff check --quiet .
	.venv/bin/ruff format --check --quiet .
	.venv/bin/mypy --no-error-summary .
	find templates/admin templates/charts templates/emails templates/mailbox -name '*.html' -print0 | xargs -0 .venv/bin/djade --check --target-version 6.1
	@echo "$(DJANGO) check --deploy"; $(PRODUCTION) $(DJANGO) check --deploy --fail-level WARNING
	@echo "$(DJANGO) makemigrations --check"; $(PRODUCTION) $(DJANGO) makemigrations --check --dry-run
	! grep -n '://' requirements/*.txt

e2e: ## Run the browser tests in Chromium
	@sh bootstrap.sh dev
	@command -v chromium > /dev/null || { echo "The browser tests need Chromium: apt install chromium, or brew install chromium."; exit 1; }
	@$(PYTEST) -n auto tests/e2e $(ARGS)

quality: ## Let checkers judge the pages: valid HTML, barriers, speed, and what a visit fetches
	@sh bootstrap.sh dev
	@.venv/bin/python -m tests.quality $(ARGS)

# Both want a PostgreSQL too; where none is named, one is started for as long as they take.
faults: ## Kill workers at random while 10,000 mails leave, and count the lost and the doubled
	@sh bootstrap.sh test
ifeq ($(TEST_DATABASE_URL),)
	@bin/services -- $(MAKE) --no-print-directory faults
else
	@.venv/bin/python -m tests.faults.soak $(ARGS)
	@$(PYTEST) -m long tests/faults
endif

bench: ## Measure pages and sign-ups, how fast an issue leaves, signing in, and a million readers
	@sh bootstrap.sh test
ifeq ($(TEST_DATABASE_URL),)
	@DURABLE=1 bin/services -- $(MAKE) --no-print-directory bench
else
	@.venv/bin/python -m tests.bench.site
	@.venv/bin/python -m tests.bench.sending $(ARGS)
	@.venv/bin/python -m tests.bench.pages
	@.venv/bin/python -m tests.bench.sign_in
	@.venv/bin/python -m tests.bench.millions
	@.venv/bin/python -m tests.bench.search
endif

screenshots: ## Take the README's pictures of the demo (ARGS="--all FOLDER" takes every page)
	@sh bootstrap.sh dev
	@command -v chromium > /dev/null || { echo "The pictures need Chromium: apt install chromium, or brew install chromium."; exit 1; }
	@.venv/bin/python -m tests.e2e.screenshots $(ARGS)

services: ## Start a temporary PostgreSQL and Redis until Ctrl-C, and print their addresses
	@bin/services

# Sentences that changed come out as "fuzzy", the old translation beside them; a test finds them.
messages: ## Collect the words of pages, newsroom and mail into locale/, and compile what is translated there
	@sh bootstrap.sh dev
	@command -v xgettext > /dev/null || { echo "Collecting words needs gettext: apt install gettext, or brew install gettext."; exit 1; }
	@.venv/bin/django-admin makemessages $(foreach name,$(wildcard locale/*),-l $(notdir $(name))) --no-obsolete --no-wrap --add-location file -i '.venv/*' -i 'tests/*' -i 'var/*'
	@for po in locale/*/LC_MESSAGES/django.po; do msgfmt --check-format -o "$${po%.po}.mo" "$$po" || exit 1; done

lock: ## Write the lock files anew from pyproject.toml (ARGS=--upgrade takes the newest versions)
	@sh bootstrap.sh dev
	$(call compile,dev,--all-extras --group dev $(ARGS))
	$(call compile,test,--group test -c requirements/dev.txt)
	$(call compile,extras,--all-extras -c requirements/dev.txt)
	$(call compile,base,-c requirements/dev.txt)

# --python-version is the oldest Python supported; --universal makes the lock fit the later ones.
# dev contains the others, so it is resolved first and they take their versions from it.
define compile
@echo requirements/$(1).txt
@uv=$$(command -v uv || echo .venv/bin/uv); "$$uv" pip compile --quiet --universal \
	--python-version 3.12 --generate-hashes --no-header --no-annotate $(2) \
	pyproject.toml -o requirements/$(1).txt
endef

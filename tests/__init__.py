"""Tests mirror the package; helpers explain their failures as tests do."""

import pytest

pytest.register_assert_rewrite("tests.letters", "tests.browser.steps")

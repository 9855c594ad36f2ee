"""Whether what machines get is what its specification demands."""

import json
from functools import cache
from pathlib import Path

from jsonschema import Draft202012Validator
from lxml import etree

FOLDER = Path(__file__).parents[1] / "data/feeds"


@cache
def grammar(name):
    return etree.RelaxNG(etree.parse(FOLDER / f"{name}.rng"))


def faults_of_xml(name, content):
    """What `content` lacks by the grammar, a line each; nothing where it is sound."""
    schema = grammar(name)
    schema.validate(etree.fromstring(content))
    return [f"line {fault.line}: {fault.message}" for fault in schema.error_log]


def faults_of_json_feed(content):
    validator = Draft202012Validator(json.loads((FOLDER / "json.json").read_text()))
    return [f"{fault.json_path}: {fault.message}" for fault in validator.iter_errors(content)]

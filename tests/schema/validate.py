#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Holds JSON reports against their schema: validate.py SCHEMA REPORT.json...

Readers must accept names that they do not know, so the schema is open. Here it is closed: what the program
writes must be documented.
"""
import json
import sys

import jsonschema


def close(schema):
    """Refuses names that are not listed, at every level."""
    if isinstance(schema, list):
        for part in schema:
            close(part)
    elif isinstance(schema, dict):
        if isinstance(schema.get("properties"), dict):
            schema.setdefault("additionalProperties", False)
        for part in schema.values():
            close(part)


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft202012Validator.check_schema(schema)
    close(schema)
    validator = jsonschema.Draft202012Validator(schema)
    wrong = 0
    for name in sys.argv[2:]:
        with open(name, encoding="utf-8") as file:
            for error in validator.iter_errors(json.load(file)):
                wrong += 1
                print(f"{name}: {'.'.join(map(str, error.absolute_path))}: {error.message[:300]}")
    return wrong > 0


sys.exit(main())

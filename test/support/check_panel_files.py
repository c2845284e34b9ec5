"""The checks that consumers run on a folder of panel files; prints {file: fault} as JSON, {} when there is none.

Manifest: exactly the members a consumer knows, each of its type. Integrity: every file in the manifest exists, and the
SHA-256 of its `data` in canonical form equals the one in the manifest. Envelope: the members a consumer reads, and
a short hash of the same `data`.
"""
import hashlib
import json
import re
import sys
from pathlib import Path


def canonical_hash(data):
    text = json.dumps(data, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def is_whole(value):
    return isinstance(value, int) and not isinstance(value, bool)


def is_count(value):
    return value is None or (is_whole(value) and value >= 0)


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


MANIFEST = {
    "schema_version": lambda v: is_whole(v) and v >= 1,
    "generator": lambda v: v == "PanelsWriter",
    "cycle": lambda v: is_whole(v) and v >= 0,
    "ts": lambda v: is_number(v) and v >= 0,
    "files": lambda v: isinstance(v, list)
    and all(isinstance(name, str) and re.fullmatch(r".+\.json", name) for name in v)
    and len(set(v)) == len(v),
    "indices_count": is_count,
    "alerts_total": is_count,
    "hashes": lambda v: isinstance(v, dict)
    and all(isinstance(h, str) and re.fullmatch(r"[a-f0-9]{64}", h) for h in v.values()),
}
OPTIONAL = {"app_version": lambda v: isinstance(v, (str, int, float))}

ENVELOPE = {
    "panel": lambda v: isinstance(v, str),
    "version": is_whole,
    "generated_at": is_number,
    "updated_at": lambda v: isinstance(v, str),
    "data": lambda v: v is None or isinstance(v, (dict, list)),
    "meta": lambda v: isinstance(v, dict),
}


def manifest_problem(manifest):
    for name, holds in MANIFEST.items():
        if name not in manifest or not holds(manifest[name]):
            return f"{name} is {manifest.get(name)!r}"
    for name, value in manifest.items():
        if name not in MANIFEST and not (name in OPTIONAL and OPTIONAL[name](value)):
            return f"{name} is not known"
    return None


def envelope_problem(document):
    for name, holds in ENVELOPE.items():
        if name not in document or not holds(document[name]):
            return f"{name} is {document.get(name)!r}"
    if document["meta"].get("hash") != canonical_hash(document["data"])[:12]:
        return "meta.hash is of something else"
    return None


def file_problem(path, expected):
    if not path.exists():
        return "file_missing"
    document = json.loads(path.read_text(encoding="utf-8"))
    if canonical_hash(document.get("data")) != expected:
        return "mismatch"
    if not isinstance(document.get("updated_at"), str):
        return "no updated_at"
    return envelope_problem(document) if path.name.endswith("_enveloped.json") else None


def problems(folder):
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    found = {"manifest.json": manifest_problem(manifest)}
    for name in {*manifest["files"], *manifest["hashes"]}:
        found[name] = file_problem(folder / name, manifest["hashes"].get(name))
    unified = json.loads((folder / "unified_snapshot.json").read_text(encoding="utf-8"))
    if unified["cycle"] != manifest["cycle"]:
        found["unified_snapshot.json"] = f"cycle {unified['cycle']}, in the manifest {manifest['cycle']}"
    return {name: problem for name, problem in found.items() if problem is not None}


print(json.dumps(problems(Path(sys.argv[1]))))

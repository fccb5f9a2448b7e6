//! The JSON schema of a runbook, made of the same tables of keys that the reader goes by.

use serde_json::{Map, Value, json};

use crate::domain::ready;
use crate::domain::runbook::keys::{
    EXPECT, GROUP, Key, ROOT, SQL_FILE, STEP, Shape, TABLES, Table,
};

/// Returns the schema (draft 2020-12) that `holdpoint schema` prints and `assets/runbook.schema.json` holds.
pub fn schema() -> Value {
    let mut definitions = Map::new();
    for table in TABLES {
        definitions.insert(word(table), object(table));
    }
    definitions.insert("items".into(), items());
    definitions.insert("text".into(), text());
    definitions.insert("test".into(), test());
    definitions.insert("duration".into(), duration());
    definitions.insert("offset".into(), offset());
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "holdpoint runbook",
        "$ref": reference(&ROOT),
    });
    schema["$defs"] = Value::Object(definitions);
    schema
}

/// Returns the name of a table's definition.
fn word(table: &Table) -> String {
    let word = table
        .name
        .trim_start_matches("a ")
        .trim_start_matches("an ");
    let word = word.replace('`', "").replace(' ', "_");
    if std::ptr::eq(table, &raw const SQL_FILE) {
        format!("{word}_file")
    } else {
        word
    }
}

fn reference(table: &Table) -> String {
    format!("#/$defs/{}", word(table))
}

/// Returns the schema of a map with the keys of `table`.
fn object(table: &Table) -> Value {
    let mut properties = Map::new();
    for key in table.keys {
        properties.insert(key.name.into(), property(key));
    }
    let mut schema = json!({
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
    });
    if !table.required.is_empty() {
        schema["required"] = json!(table.required);
    }
    if !table.one_of.is_empty() {
        let ways: Vec<Value> = table
            .one_of
            .iter()
            .map(|key| json!({"required": [key]}))
            .collect();
        schema["oneOf"] = Value::Array(ways);
    }
    schema
}

/// Returns the schema of what stands behind `key`.
fn property(key: &Key) -> Value {
    let mut schema = match key.shape {
        Shape::Version => json!({"const": 1}),
        Shape::Text => json!({"$ref": "#/$defs/text"}),
        Shape::Flag => json!({"type": "boolean"}),
        Shape::Count => json!({"type": "integer", "minimum": 1}),
        Shape::Duration => json!({"$ref": "#/$defs/duration"}),
        Shape::Length => json!({"anyOf": [
            {"$ref": "#/$defs/duration"},
            {"type": "string", "pattern": "^\\s*\\$\\{[a-z][A-Za-z0-9_]*\\}\\s*$"},
        ]}),
        Shape::Offset => json!({"$ref": "#/$defs/offset"}),
        Shape::Pattern => json!({"type": ["string", "number"], "format": "regex"}),
        Shape::Word(words) => json!({"enum": words}),
        Shape::Texts => list(&json!({"$ref": "#/$defs/text"})),
        Shape::ValueList => list(&json!({"type": ["string", "number", "boolean"]})),
        Shape::Map(table) => json!({"$ref": reference(table)}),
        Shape::Roles(table) => {
            list(&json!({"anyOf": [{"$ref": "#/$defs/text"}, {"$ref": reference(table)}]}))
        }
        Shape::List(table) => list(&json!({"$ref": reference(table)})),
        Shape::Named(table) => json!({
            "type": "object",
            "additionalProperties": {"anyOf": [{"$ref": reference(table)}, {"type": "null"}]},
        }),
        Shape::Values => json!({
            "type": "object",
            "additionalProperties": {"type": ["string", "number", "boolean"]},
        }),
        Shape::Captures => json!({"anyOf": [
            {"type": "object", "additionalProperties": {"type": ["string", "number"], "format": "regex"}},
            list(&json!({"$ref": "#/$defs/text"})),
        ]}),
        Shape::Expect => json!({"anyOf": [{"$ref": "#/$defs/test"}, {"$ref": reference(&EXPECT)}]}),
        Shape::Test => json!({"$ref": "#/$defs/test"}),
        Shape::Tests => json!({"type": "object", "additionalProperties": {"$ref": "#/$defs/test"}}),
        Shape::Items => json!({"$ref": "#/$defs/items"}),
        Shape::Sql => json!({"anyOf": [{"$ref": "#/$defs/text"}, {"$ref": reference(&SQL_FILE)}]}),
        Shape::Check => json!({"enum": ready::all().iter().map(|c| c.name).collect::<Vec<_>>()}),
        Shape::Arguments => json!({
            "type": "object",
            "additionalProperties": {"anyOf": [
                {"type": ["string", "number"]},
                list(&json!({"type": ["string", "number"]})),
            ]},
        }),
    };
    schema["description"] = Value::from(key.about);
    schema
}

fn list(item: &Value) -> Value {
    json!({"type": "array", "items": item, "minItems": 1})
}

/// Returns the schema of `steps`: each item is a step or a group.
fn items() -> Value {
    list(&json!({
        "if": {"required": ["group"]},
        "then": {"$ref": reference(&GROUP)},
        "else": {"$ref": reference(&STEP)},
    }))
}

/// A number is a text as it is spelled.
fn text() -> Value {
    json!({"type": ["string", "number"], "minLength": 1})
}

fn test() -> Value {
    json!({
        "type": ["string", "number", "boolean"],
        "description": "'>= 11', '= head', '0 rows', /regular expression/, or a bare value",
    })
}

fn duration() -> Value {
    json!({
        "type": "string",
        "pattern": "^\\s*(\\d+(\\.\\d+)?\\s*(ms|s|sec|m|min|h|d|w)\\s*)+$",
        "description": "500ms, 15s, 90m, 1h30m, 2d",
    })
}

fn offset() -> Value {
    json!({
        "type": "string",
        "pattern": "^\\s*[Tt](\\s*[+-]\\s*(0|(\\d+(\\.\\d+)?\\s*(ms|s|sec|m|min|h|d|w)\\s*)+))?\\s*$",
        "description": "T-30m, T-0, T+60m, T+1d",
    })
}

using System.Text.Json.Nodes;
using Webhooks.Api.OpenApi;

namespace Webhooks.Management.Subscriptions;

/// <summary>How filters and transforms are described. A filter's members are data, so both are written as JSON Schema.</summary>
internal static class ShapingDocs
{
    private static readonly Schema Condition = Schema.Given(
        Json("""
            {
              "type": "object",
              "description": "Conditions on one value; all of them must hold. Numbers are compared exactly, however they are spelled. Where the event has nothing at the pointer, only `exists: false` holds.",
              "minProperties": 1,
              "properties": {
                "eq": { "description": "It equals this." },
                "ne": { "description": "It is there and differs from this." },
                "gt": { "type": ["number", "string"], "description": "It is greater than this." },
                "gte": { "type": ["number", "string"], "description": "It is greater than or equal to this." },
                "lt": { "type": ["number", "string"], "description": "It is less than this." },
                "lte": { "type": ["number", "string"], "description": "It is less than or equal to this." },
                "in": { "type": "array", "minItems": 1, "maxItems": 100, "items": {}, "description": "It equals one of these." },
                "nin": { "type": "array", "minItems": 1, "maxItems": 100, "items": {}, "description": "It is there and equals none of these." },
                "exists": { "type": "boolean", "description": "It is there, or it is not." },
                "starts_with": { "type": "string", "description": "It is a string that starts with this." }
              },
              "additionalProperties": false
            }
            """),
        Json("""{ "gte": 10000 }""")).Named("FilterCondition");

    public static Schema Filter { get; } = Schema.Given(
        Json("""
            {
              "type": "object",
              "description": "Which events are wanted, beyond their type: JSON pointers (RFC 6901) into the event, each with conditions, combined by `all`, `any` and `not`. All members of an object must hold. At most 100 conditions, 8 levels deep.",
              "properties": {
                "all": { "type": "array", "minItems": 1, "items": { "$ref": "#/components/schemas/Filter" }, "description": "Every one of these filters must hold." },
                "any": { "type": "array", "minItems": 1, "items": { "$ref": "#/components/schemas/Filter" }, "description": "At least one of these filters must hold." },
                "not": { "$ref": "#/components/schemas/Filter", "description": "This filter must not hold." }
              },
              "patternProperties": { "^(/.*)?$": { "$ref": "#/components/schemas/FilterCondition" } },
              "additionalProperties": false
            }
            """),
        Json("""{ "/data/transaction/amount": { "gte": 10000 }, "any": [{ "/data/severity": { "in": ["HIGH", "CRITICAL"] } }, { "/data/reason": { "starts_with": "FRAUD" } }] }"""),
        Condition).Named("Filter");

    public static Schema Transform { get; } = Schema.Given(
        Json("""
            {
              "type": "object",
              "description": "How the body differs from the profile's: exactly one of `include`, `exclude` and `template`.",
              "minProperties": 1,
              "maxProperties": 1,
              "properties": {
                "include": { "type": "array", "minItems": 1, "maxItems": 100, "items": { "type": "string", "pattern": "^/(data|metadata)(/.*)?$" }, "description": "Only these parts of `data` and `metadata` are sent, in the profile's envelope." },
                "exclude": { "type": "array", "minItems": 1, "maxItems": 100, "items": { "type": "string", "pattern": "^/(data|metadata)(/.*)?$" }, "description": "All but these parts of `data` and `metadata` are sent, in the profile's envelope." },
                "template": { "description": "The whole body. In its strings `{/json/pointer}` becomes the text of what the event has there; a string that is exactly one placeholder becomes the value itself. `{{/` is a plain `{/`." }
              },
              "additionalProperties": false
            }
            """),
        Json("""{ "template": { "text": "{/data/severity}: {/data/reason_details}", "amount": "{/data/transaction/amount}" } }""")).Named("Transform");

    private static JsonObject Json(string text) => (JsonObject)JsonNode.Parse(text)!;
}

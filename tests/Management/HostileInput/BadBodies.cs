using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Webhooks.Management.Tests.OpenApi;

namespace Webhooks.Management.Tests.HostileInput;

/// <summary>Bodies that are wrong in one way each, made from a body that is right and the schema that it fits.</summary>
/// <param name="document">What references point into.</param>
internal sealed class BadBodies(JsonElement document)
{
    private const int DeepestSchema = 5;

    // As they are spelled in JSON. What a value must not be, whatever it must be.
    private static readonly string[] Values =
    [
        "null", "true", "false", "0", "-0", "-1", "1", "0.1", "1.5", "1e400", "-1e400", "1e-400", "99999999999999999999", "-99999999999999999999", "9007199254740993",
        "0." + new string('9', 2_000), "1" + new string('0', 2_000), "\"\"", "\" \"", "\"x\"", "\"\\u0000\"", "\"a\\u0000b\"", "\"\\ud800\"", "\"\\udc00\\ud800\"", "\"\\u202e\"", "\"😀\"", "\"\\r\\nX: y\"",
        "\"%00\"", "\"../..\"", "\"'; DROP TABLE deliveries; --\"", "\"{/data}\"", "\"{{/\"", "\"*\"", "\"9999-12-31T23:59:59.9999999-14:00\"", "\"0001-01-01T00:00:00+14:00\"", "\"2024-02-30T00:00:00Z\"",
        "\"http://\"", "\"https://[::1%25lo]/\"", "\"https://xn--\\u0000/\"", "\"javascript:alert(1)\"", "\"sub_00000000000000000000000000000000\"", "\"SUB_\"",
        "[]", "[null]", "[[]]", "[\"x\",\"x\"]", "{}", "{\"\":{}}", "{\"a\":{\"b\":[]}}", "{\"__proto__\":1}",
    ];

    /// <summary>Every value of the body in turn replaced, left out or doubled, and members that nobody knows.</summary>
    public IEnumerable<string> Around(JsonObject good, JsonElement schema)
    {
        foreach (var place in PlacesIn(schema, [], 0))
        {
            foreach (var value in Values.Concat(Beyond(place.Schema)))
            {
                yield return With(good, place.Steps, value);
            }

            yield return Without(good, place.Steps);
        }

        var text = good.ToJsonString();
        yield return With(good, ["no_such_member"], "1");
        yield return With(good, ["no/such~member"], "1");
        yield return With(good, [""], "1");
        yield return $"{text[..^1]},\"\\ud800\":1}}";
        yield return $"{text[..^1]},\"\\u0000\":1}}";
        foreach (var (name, value) in good)
        {
            yield return $"{text[..^1]},\"{name}\":{value?.ToJsonString() ?? "null"}}}";
        }
    }

    /// <summary>What is no JSON object at all, or one that is too deep.</summary>
    public static IEnumerable<byte[]> NoObjects(string good)
    {
        string[] texts =
        [
            "", " ", "\n", "nothing", "null", "5", "\"text\"", "[]", "[{}]", "{", "}", "{]", "{\"a\"", "{\"a\":}", "{\"a\":1,}", "{,}", "{} {}", "{'a':1}", "{a:1}", "{\"a\":01}", "{\"a\":+1}", "{\"a\":.5}", "{\"a\":NaN}",
            "{\"a\":\"\u0001\"}", "{\"a\":\"\\x\"}", "/* */{}", "{}//", "\u0000", good + "\u0000", good + good, good[..^1], good[..(good.Length / 2)],
            new string('[', 10_000), new string('[', 10_000) + new string(']', 10_000), Nested("{\"a\":", "}", 10_000), "{\"data\":" + Nested("{\"a\":", "}", 10_000) + "}", "{\"filter\":" + Nested("{\"not\":", "}", 10_000) + "}",
            "{\"a\":" + new string('1', 100_000) + "}", "{" + string.Join(',', Enumerable.Range(0, 20_000).Select(number => $"\"m{number}\":0")) + "}",
        ];
        foreach (var text in texts)
        {
            yield return Encoding.UTF8.GetBytes(text);
        }

        yield return [0xEF, 0xBB, 0xBF, .. Encoding.UTF8.GetBytes(good)];
        yield return Encoding.Unicode.GetBytes(good);
        yield return Encoding.UTF32.GetBytes(good);
        foreach (var octets in new byte[][] { [0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x82] })
        {
            yield return [.. "{\"description\":\""u8, .. octets, .. "\"}"u8];
            yield return [.. "{\""u8, .. octets, .. "\":1}"u8];
        }
    }

    /// <summary>A good body with some of its bytes turned, dropped or doubled.</summary>
    public static byte[] Mangled(string good, Random random)
    {
        var bytes = Encoding.UTF8.GetBytes(good).ToList();
        for (var changes = random.Next(1, 5); changes > 0 && bytes.Count > 0; changes--)
        {
            var place = random.Next(bytes.Count);
            switch (random.Next(4))
            {
                case 0: bytes[place] = (byte)random.Next(256); break;
                case 1: bytes.RemoveAt(place); break;
                case 2: bytes.Insert(place, bytes[random.Next(bytes.Count)]); break;
                default: bytes.RemoveRange(place, random.Next(bytes.Count - place)); break;
            }
        }

        return [.. bytes];
    }

    /// <summary>Several values of a body replaced at once.</summary>
    public string Scrambled(JsonObject good, JsonElement schema, Random random)
    {
        var places = PlacesIn(schema, [], 0).ToList();
        var body = good;
        for (var changes = random.Next(2, 6); changes > 0; changes--)
        {
            var place = places[random.Next(places.Count)];
            string[] values = [.. Values, .. Beyond(place.Schema)];
            body = JsonNode.Parse(With(body, place.Steps, "0")) as JsonObject ?? body;
            var text = With(body, place.Steps, values[random.Next(values.Length)]);
            if (changes == 1 || !IsNode(text, out var next))
            {
                return text;
            }

            body = next;
        }

        return body.ToJsonString();
    }

    // What JsonNode cannot hold, such as half of a surrogate pair, can only be the last change.
    private static bool IsNode(string text, out JsonObject node)
    {
        try
        {
            node = (JsonObject)JsonNode.Parse(text)!;
            _ = node.ToJsonString();
            return true;
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            node = [];
            return false;
        }
    }

    /// <summary>What lies just outside of what a schema allows.</summary>
    private static IEnumerable<string> Beyond(JsonElement schema)
    {
        if (schema.TryGetProperty("minimum", out var minimum))
        {
            yield return JsonSerializer.Serialize(minimum.GetDouble() - 0.01);
            yield return JsonSerializer.Serialize(minimum.GetDouble() - 1);
        }

        if (schema.TryGetProperty("maximum", out var maximum))
        {
            yield return JsonSerializer.Serialize(maximum.GetDouble() + 0.01);
            yield return JsonSerializer.Serialize(maximum.GetDouble() + 1);
        }

        var longest = schema.TryGetProperty("maxLength", out var length) ? length.GetInt32() : 0;
        foreach (var count in new[] { longest + 1, 10_000 })
        {
            yield return $"\"{new string('a', count)}\"";
            yield return $"\"https://a.example/{new string('a', count)}\"";
        }

        var most = schema.TryGetProperty("maxItems", out var items) ? items.GetInt32() : 100;
        yield return $"[{string.Join(',', Enumerable.Range(0, most + 1).Select(number => $"\"t{number}\""))}]";
        yield return $"[{string.Join(',', Enumerable.Repeat("{}", most + 1))}]";
        yield return Nested("[", "]", 60);
        yield return Nested("{\"a\":", "}", 60);
        yield return Nested("{\"not\":", "}", 20);
    }

    /// <summary>The members that a schema names, and those of these.</summary>
    private IEnumerable<(string[] Steps, JsonElement Schema)> PlacesIn(JsonElement schema, string[] steps, int depth)
    {
        schema = SchemaCheck.Shape(document, schema);
        if (depth == DeepestSchema || !schema.TryGetProperty("properties", out var members))
        {
            yield break;
        }

        foreach (var member in members.EnumerateObject())
        {
            string[] place = [.. steps, member.Name];
            yield return (place, SchemaCheck.Shape(document, member.Value));
            // A filter may hold filters without end.
            if (!steps.Contains(member.Name))
            {
                foreach (var below in PlacesIn(member.Value, place, depth + 1))
                {
                    yield return below;
                }
            }
        }
    }

    // Put in as text: what is spelled here no writer would write.
    private static string With(JsonObject good, string[] steps, string value)
    {
        const string Mark = "\u0001 the place";
        var body = (JsonObject)good.DeepClone();
        Parent(body, steps)[steps[^1]] = Mark;
        return body.ToJsonString().Replace(JsonSerializer.Serialize(Mark), value, StringComparison.Ordinal);
    }

    private static string Without(JsonObject good, string[] steps)
    {
        var body = (JsonObject)good.DeepClone();
        Parent(body, steps).Remove(steps[^1]);
        return body.ToJsonString();
    }

    private static JsonObject Parent(JsonObject body, string[] steps)
    {
        foreach (var step in steps[..^1])
        {
            if (body[step] is not JsonObject inner)
            {
                body[step] = inner = [];
            }

            body = inner;
        }

        return body;
    }

    private static string Nested(string open, string close, int depth) =>
        string.Concat(Enumerable.Repeat(open, depth)) + (open.EndsWith(':') ? "1" : "") + string.Concat(Enumerable.Repeat(close, depth));
}

using System.Buffers.Text;
using Webhooks.Management.Tests.OpenApi;

namespace Webhooks.Management.Tests.HostileInput;

/// <summary>Queries, ids and cursors that no honest client sends.</summary>
internal static class BadQueries
{
    private const int RandomQueries = 60;
    private const int RandomCursors = 100;

    private static readonly string[] Values =
    [
        "", "%20", "x", "0", "-1", "1", "201", "99999999999999999999", "1e3", "0x10", "%2B1", "%00", "a%00b", "%ff", "%ED%A0%80", "%F0%9F%98%80", "%u0041", "%", "%%%", "null", "true", "*", "%27%3B--",
        "2024-01-20", "2024-01-20T10:30:00", "2024-01-20T10:30:00Z", "9999-12-31T23:59:59.9999999Z", "9999-12-31T23:59:59.9999999-14:00", "0001-01-01T00:00:00%2B14:00", "0001-01-01T00:00:00Z", "2024-02-30T00:00:00Z",
        "sub_", "sub_00000000000000000000000000000000", "dlv_ffffffffffffffffffffffffffffffff", "pending", "exception.created", "AAAA", "..%2F..",
    ];

    /// <summary>Every parameter with every value, doubled, and mixed at random.</summary>
    public static IEnumerable<string> Around(ApiOperation operation, Random random)
    {
        string[] known = [.. operation.Parameters.Where(parameter => parameter.GetProperty("in").GetString() == "query").Select(parameter => parameter.GetProperty("name").GetString()!)];
        string[] names = [.. known, "no_such_parameter", "tenant_id", "%00", "%ff", "[]", "cursor[]", ""];
        foreach (var name in names)
        {
            // Where no query is read, one value is as good as another.
            foreach (var value in known.Length == 0 ? ["x"] : Values.Append(new string('a', 6_000)))
            {
                yield return $"{name}={value}";
            }

            yield return name;
            yield return $"{name}=1&{name}=1";
            yield return $"{name}=1&{name.ToUpperInvariant()}=1";
        }

        yield return string.Join('&', Enumerable.Range(0, 1_000).Select(number => $"p{number}"));
        yield return string.Join('&', Enumerable.Repeat("limit=1", 800));
        yield return "&&&&==&=";
        for (var round = 0; round < (known.Length == 0 ? 0 : RandomQueries); round++)
        {
            yield return string.Join('&', Enumerable.Range(0, random.Next(1, 6)).Select(_ => $"{names[random.Next(names.Length)]}={Values[random.Next(Values.Length)]}"));
        }
    }

    /// <summary>What is no id of anything, made from one that is.</summary>
    public static IEnumerable<string> Ids(string good, Random random)
    {
        yield return good + "x";
        yield return good[..^1];
        yield return good + "%20";
        yield return "%20" + good;
        yield return good + "%0A";
        yield return good + "%2F";
        yield return good.Replace('_', '-');
        yield return "x" + good[1..];
        yield return good[(good.IndexOf('_', StringComparison.Ordinal) + 1)..] + "y";
        yield return good + good;
        foreach (var id in new[] { "0", "-1", "null", "%F0%9F%98%80", "%ff", "%ED%A0%80", "a%01b", "%25", "*", "sub_", "tok_x", "%27%20OR%201=1", new string('a', 4_000), "sub_ffffffffffffffffffffffffffffffff", "dlv_ffffffffffff7fffbfffffffffffffff", "dlv_000000000000700080000000000000ff" })
        {
            yield return id;
        }

        for (var round = 0; round < 20; round++)
        {
            var characters = good.ToCharArray();
            characters[random.Next(characters.Length)] = (char)random.Next('g', 'z' + 1);
            characters[^1] = (char)random.Next('g', 'z' + 1);
            yield return new string(characters);
        }
    }

    /// <summary>Cursors that no list gave out, made from one that was.</summary>
    public static IEnumerable<string> Cursors(string real, Random random)
    {
        yield return real + "A";
        yield return real[..^1];
        yield return real + real;
        yield return "\0";
        yield return "AAAA";
        yield return new string('A', 34);
        yield return new string('_', 34);
        yield return new string('A', 6_000);
        for (var round = 0; round < RandomCursors; round++)
        {
            var bytes = Base64Url.DecodeFromChars(real);
            for (var flips = random.Next(1, 4); flips > 0; flips--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            yield return Base64Url.EncodeToString(bytes);
        }
    }
}

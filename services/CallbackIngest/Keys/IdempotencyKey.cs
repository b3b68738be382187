using System.Buffers;
using Microsoft.Extensions.Primitives;
using Webhooks.Api.Problems;

namespace Webhooks.CallbackIngest.Keys;

/// <summary>Reads the key from either of its headers.</summary>
internal static class IdempotencyKey
{
    public const string Header = "X-Idempotency-Key";
    public const string StandardHeader = "Idempotency-Key";

    public const int Longest = 128;

    private static readonly SearchValues<char> Characters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789:_.-");

    private static readonly FieldError Absent = new("/" + Header, FieldError.Required, "It is required.");

    public static Problem Missing { get; } = new(
        StatusCodes.Status400BadRequest, "idempotency_key_missing", $"Send the header {Header} (or {StandardHeader}): the same key for the same callback, however often it is sent.")
    {
        Errors = [Absent],
    };

    /// <summary>What is wrong with a request, under the code that tells most: that there is no key.</summary>
    public static Problem ProblemOf(IReadOnlyList<FieldError> errors) => errors.Contains(Absent) ? Missing with { Errors = errors } : Problem.Invalid(errors);

    /// <param name="headers">The request's.</param>
    /// <param name="errors">Where no key, or one of the wrong form, is complained of; what is returned then is not to be used.</param>
    public static string Read(IHeaderDictionary headers, List<FieldError> errors)
    {
        var given = Values(headers[Header]).Concat(Values(headers[StandardHeader])).Distinct(StringComparer.Ordinal).ToList();
        switch (given)
        {
            case []:
                errors.Add(Absent);
                return "";
            case [var key] when key.Length <= Longest && !key.AsSpan().ContainsAnyExcept(Characters):
                return key;
            case [_]:
                errors.Add(new FieldError("/" + Header, FieldError.InvalidFormat, "It must be 1–128 of A-Z, a-z, 0-9, :, _, . and -."));
                return "";
            default:
                errors.Add(new FieldError("/" + Header, FieldError.InvalidValue, "There are two keys that differ: send one."));
                return "";
        }
    }

    private static IEnumerable<string> Values(StringValues header) =>
        header.Select(value => (value ?? "").Trim()).Where(value => value.Length > 0);
}

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

    public static Problem Missing { get; } = new(
        StatusCodes.Status400BadRequest, "idempotency_key_missing", $"Send the header {Header} (or {StandardHeader}): the same key for the same callback, however often it is sent.")
    {
        Errors = [new FieldError("/" + Header, FieldError.Required, "It is required.")],
    };

    /// <param name="headers">The request's.</param>
    /// <param name="errors">Where a key of the wrong form is complained of; what is returned then is not to be used.</param>
    /// <exception cref="RefusedException">400: there is none.</exception>
    public static string Read(IHeaderDictionary headers, List<FieldError> errors)
    {
        var given = Values(headers[Header]).Concat(Values(headers[StandardHeader])).Distinct(StringComparer.Ordinal).ToList();
        switch (given)
        {
            case []:
                throw new RefusedException(Missing);
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

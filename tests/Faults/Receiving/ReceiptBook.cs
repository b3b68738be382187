using System.Collections.Concurrent;
using System.Globalization;
using System.Text.RegularExpressions;
using Webhooks.Faults.Judging;
using Webhooks.Faults.Publishing;
using Webhooks.Faults.Running;
using Webhooks.Signatures;

namespace Webhooks.Faults.Receiving;

/// <summary>Keeps what every receiver saw: each request, whether its signature was right, and what it was answered.</summary>
internal sealed partial class ReceiptBook
{
    private readonly ConcurrentDictionary<DeliveryKey, Receipts> _receipts = new();
    private readonly ConcurrentDictionary<int, SignatureVerifier> _verifiers = new();
    private long _requests;

    /// <summary>Raised for every request that is answered 2xx.</summary>
    public event Action<DeliveryKey>? Taken;

    public IReadOnlyDictionary<DeliveryKey, Receipts> All => _receipts;

    public void Trust(Subscriber subscriber, string secret) =>
        _verifiers[subscriber.Number] = new SignatureVerifier(Schemes.Of(subscriber.Profile), secret) { Tolerance = TimeSpan.FromMinutes(5) };

    /// <summary>The event's number: from the header of those profiles that have one, else from the body's id.</summary>
    public int NumberOf(RawRequest request)
    {
        var id = request.Header("webhook-id") ?? System.Text.Encoding.UTF8.GetString(request.Body);
        return int.Parse(EventId().Match(id).Groups[1].ValueSpan, CultureInfo.InvariantCulture);
    }

    public void Enter(Subscriber subscriber, int number, RawRequest request, int status)
    {
        var isValid = _verifiers[subscriber.Number].Verify(request.Header, request.Body, TimeProvider.System.GetUtcNow()) == SignatureVerification.Valid;
        var receipt = new Receipts(isValid ? 1 : 0, isValid ? 0 : 1, status is >= 200 and < 300 ? 1 : 0, Interlocked.Increment(ref _requests));
        var key = new DeliveryKey(number, subscriber.Number);
        _receipts.AddOrUpdate(key, receipt, (_, before) => new Receipts(
            before.Valid + receipt.Valid, before.Invalid + receipt.Invalid, before.Taken + receipt.Taken, before.First));
        if (receipt.Taken > 0)
        {
            Taken?.Invoke(key);
        }
    }

    [GeneratedRegex(EventStream.IdPrefix + "([0-9]{8})")]
    private static partial Regex EventId();
}

/// <summary>How the profiles sign, as their receivers know it from the documentation.</summary>
internal static class Schemes
{
    public static SignatureScheme Of(string profile) => profile switch
    {
        "matcher" => new SignatureScheme("X-Matcher-Signature", "{timestamp}.{body}", "sha256={digest}", timestampHeader: "X-Matcher-Timestamp"),
        "standard" => new SignatureScheme(
            "webhook-signature", "{id}.{timestamp}.{body}", "v1,{digest}", "webhook-timestamp", "webhook-id",
            digestEncoding: DigestEncoding.Base64, secretEncoding: SecretEncoding.Base64, secretPrefix: "whsec_", multiple: SignatureSeparator.Space),
        _ => throw new ArgumentOutOfRangeException(nameof(profile), profile, "No receiver here speaks it."),
    };
}

using Webhooks.Subscriptions.Secrets;

namespace Webhooks.Subscriptions.Rendering;

/// <summary>One POST as rendered and signed. <c>Content-Type</c> is the sender's; all other headers are given here.</summary>
/// <param name="TenantId">Whose it is.</param>
/// <param name="Url">Where to.</param>
/// <param name="Body">Exactly the bytes that are sent and signed.</param>
/// <param name="Headers">
/// Printable ASCII only; anything else is a mistake of the rendering, and the sender throws. They are to be sent; to show are the
/// <see cref="ShownHeaders"/>.
/// </param>
/// <param name="Deadline">How long the receiver may take: from the first look at the name to the last response header.</param>
public sealed record WebhookRequest(
    string TenantId,
    string Url,
    ReadOnlyMemory<byte> Body,
    IReadOnlyList<KeyValuePair<string, string>> Headers,
    TimeSpan Deadline)
{
    /// <summary>Every body's type; no charset, because signatures are over bytes.</summary>
    public const string ContentType = "application/json";

    /// <summary>Names of headers whose values are neither shown nor recorded.</summary>
    public IReadOnlyList<string> Confidential { get; init; } = [];

    /// <summary>What the receiver sees: the given headers and the sender's own.</summary>
    public IEnumerable<KeyValuePair<string, string>> SentHeaders => Headers.Prepend(KeyValuePair.Create("Content-Type", ContentType));

    /// <summary>What may be shown and recorded of that: credentials are hidden.</summary>
    public IEnumerable<KeyValuePair<string, string>> ShownHeaders => SecretText.HideIn(SentHeaders, Confidential);
}

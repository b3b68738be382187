using Webhooks.Subscriptions.Secrets;

namespace Webhooks.Subscriptions.Rendering;

/// <summary>All that one attempt asks of the sender.</summary>
/// <param name="Url">Where to.</param>
/// <param name="Body">Exactly the bytes that are sent and signed.</param>
/// <param name="Headers">All but <c>Content-Type</c>, which is the sender's. To be sent; whoever shows them shows <see cref="ShownHeaders"/>.</param>
/// <param name="Deadline">How long the receiver may take.</param>
public sealed record RenderedRequest(
    string Url,
    ReadOnlyMemory<byte> Body,
    IReadOnlyList<KeyValuePair<string, string>> Headers,
    TimeSpan Deadline)
{
    /// <summary>Names of headers whose values are neither shown nor recorded.</summary>
    public IReadOnlyList<string> Confidential { get; init; } = [];

    /// <summary>What may be shown and recorded of the headers: credentials are hidden.</summary>
    public IEnumerable<KeyValuePair<string, string>> ShownHeaders => SecretText.HideIn(Headers, Confidential);
}

/// <summary>
/// A request that cannot be made from these settings and this event, and will not be by trying again. The message is a
/// sentence for the subscription's owner.
/// </summary>
public sealed class RenderException(Exception reason) : Exception($"The request could not be made: {reason?.Message}", reason);

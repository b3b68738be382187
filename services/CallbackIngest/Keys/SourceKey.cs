using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Webhooks.CallbackIngest.Commands;
using Webhooks.Contracts;
using Webhooks.Sources;
using Webhooks.Sources.Mapping;

namespace Webhooks.CallbackIngest.Keys;

/// <summary>A webhook's place among its source's keys, which are one space whatever its webhooks become.</summary>
/// <param name="SourceId">The source.</param>
/// <param name="CommandId">Of the command that it may become.</param>
/// <param name="InboundId">Of the notice that it may become instead.</param>
/// <param name="Fingerprint">Its content: the bytes and what it is about. Of most systems the latter is in the path, which is no part of the bytes.</param>
internal sealed record SourceKey(Guid SourceId, Guid CommandId, Guid InboundId, byte[] Fingerprint)
{
    /// <summary>The advisory lock's key. A source may be given another external system while its webhooks are decided.</summary>
    public long LockKey => BinaryPrimitives.ReadInt64LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes($"webhooks.source {SourceId:N}")));

    /// <param name="source">Whose webhook it is.</param>
    /// <param name="webhook">The webhook.</param>
    /// <param name="route">The name of the route that it would be a callback of.</param>
    /// <param name="key">Of <see cref="WebhookMapping.KeyOf"/>.</param>
    /// <param name="subjectId">What it says that it is about, whether that is an id or not; null: it says nothing.</param>
    public static SourceKey Of(Source source, ReceivedWebhook webhook, string route, string key, string? subjectId)
    {
        var sourceId = PrefixedId.Format(PrefixedId.Source, source.Id);
        // A sender's key is one webhook's, wherever it is sent. Where the content is the key, what it is about belongs to it:
        // the same bytes about another exception are another change.
        var about = key == WebhookMapping.ContentKeyOf(webhook) ? subjectId ?? "" : null;
        return new SourceKey(
            source.Id,
            Commands.CommandId.OfWebhook(source.TenantId, route, sourceId, key, about),
            Commands.CommandId.OfInbound(source.TenantId, sourceId, key, about),
            SHA256.HashData([.. webhook.Fingerprint, .. Encoding.UTF8.GetBytes(subjectId ?? "")]));
    }
}

using System.Text.Json;
using Webhooks.Subscriptions.Events;

namespace Webhooks.Publisher.FanOut;

/// <summary>An event as a document, made when it is first asked for.</summary>
internal sealed class LazyDocument(AcceptedEvent accepted) : IDisposable
{
    private JsonDocument? _document;

    public JsonElement Root => (_document ??= EventDocument.Of(accepted)).RootElement;

    public void Dispose() => _document?.Dispose();
}

using System.Text.Json;
using Webhooks.Subscriptions.Json;

namespace Webhooks.Subscriptions.Events;

/// <summary>An event as a document, made when it is first asked for.</summary>
public sealed class LazyDocument(AcceptedEvent accepted) : IDisposable
{
    private JsonDocument? _document;
    private JsonPlace? _root;

    public JsonPlace Root => _root ??= new JsonPlace((_document = EventDocument.Of(accepted)).RootElement);

    public void Dispose() => _document?.Dispose();
}

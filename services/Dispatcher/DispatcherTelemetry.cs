namespace Webhooks.Dispatcher;

internal static class DispatcherTelemetry
{
    /// <summary>Of the meter and of the source of spans.</summary>
    public const string Name = "Webhooks.Dispatcher";
}

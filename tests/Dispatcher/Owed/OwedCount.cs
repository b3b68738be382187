using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Webhooks.Dispatcher.Owed;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Owed;

/// <summary>How many deliveries a dispatcher has announced again, as its metric tells.</summary>
public sealed class OwedCount : IDisposable
{
    private readonly MeterListener _listener = new();
    private long _count;

    private OwedCount(IMeterFactory ofDispatcher)
    {
        // Others' dispatchers are in this process, too.
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Name == OwedMetrics.Announced && instrument.Meter.Scope == ofDispatcher)
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((_, deliveries, _, _) => Interlocked.Add(ref _count, deliveries));
        _listener.Start();
    }

    public long Now => Interlocked.Read(ref _count);

    public static OwedCount Of(ServiceHost dispatcher) => new(dispatcher.Services.GetRequiredService<IMeterFactory>());

    public void Dispose() => _listener.Dispose();
}

using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests.Lanes;

/// <summary>How many open lanes a dispatcher tells of, read as a collector does.</summary>
public sealed class OpenLanes : IDisposable
{
    private readonly MeterListener _listener = new();
    private int _told;

    private OpenLanes(IMeterFactory ofDispatcher)
    {
        // Others' dispatchers are in this process, too.
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Name == "webhooks.lane.open" && instrument.Meter.Name == "Webhooks.Dispatcher" && instrument.Meter.Scope == ofDispatcher)
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<int>((_, lanes, tags, _) => _told = tags.IsEmpty ? lanes : throw new InvalidOperationException("A tag would make many series of it."));
        _listener.Start();
    }

    public int Now
    {
        get
        {
            _told = -1;
            _listener.RecordObservableInstruments();
            return _told;
        }
    }

    public static OpenLanes Of(ServiceHost dispatcher) => new(dispatcher.Services.GetRequiredService<IMeterFactory>());

    public void Dispose() => _listener.Dispose();
}

using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;

namespace Webhooks.TestKit;

/// <summary>What one service counts under a name, from now on.</summary>
public sealed class CountedMetric : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<string, long> _byTag = new();
    private readonly ConcurrentDictionary<object, long> _byService = new();

    private CountedMetric(IMeterFactory? meters, string name)
    {
        // Others' services are in this process, too.
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Name == name && instrument.Meter.Scope is { } scope && (meters ?? scope) == scope)
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((instrument, count, tags, _) =>
        {
            _byTag.AddOrUpdate(string.Join(' ', tags.ToArray().Select(tag => tag.Value)), count, (_, before) => before + count);
            _byService.AddOrUpdate(instrument.Meter.Scope!, count, (_, before) => before + count);
        });
        _listener.Start();
    }

    public long Now => _byTag.Values.Sum();

    /// <summary>By the value of its tag; "" without one.</summary>
    public IReadOnlyDictionary<string, long> ByTag => _byTag;

    /// <summary>Of one of the services that are listened to since before they started.</summary>
    public long NowOf(ServiceHost service) => _byService.GetValueOrDefault(service.Services.GetRequiredService<IMeterFactory>());

    /// <summary>Of every service in this process, also of those that start from now on.</summary>
    public static CountedMetric Of(string name) => new(meters: null, name);

    public static CountedMetric Of(ServiceHost service, string name) => Of(service.Services, name);

    public static CountedMetric Of(IServiceProvider services, string name) => new(services.GetRequiredService<IMeterFactory>(), name);

    public void Dispose() => _listener.Dispose();
}

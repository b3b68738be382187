using Webhooks.Faults.Planning;
using Webhooks.Faults.Receiving;
using Webhooks.Faults.Running;
using Webhooks.TestKit;
using Webhooks.TestKit.Faults;

namespace Webhooks.Faults.Injecting;

/// <summary>Carries a planned fault out.</summary>
internal sealed class Injector(FaultedSystem system, Receivers receivers)
{
    private static readonly int[] Fragile = [.. Subscriber.All.Where(subscriber => subscriber.MayFail).Select(subscriber => subscriber.Number)];

    /// <summary>The subscriber that a receiver's fault hits.</summary>
    public static int ReceiverOf(PlannedFault fault) => Fragile[fault.Which % Fragile.Length];

    /// <summary>Returns when the fault is over: a killed server answers again; a killed service is left to its runner.</summary>
    public Task InjectAsync(PlannedFault fault) => (fault.Kind.Target, fault.Kind.Deed) switch
    {
        (FaultTarget.Receiver, var deed) => MisbehaveAsync(fault, deed),
        (FaultTarget.BrokerLink, var deed) => DisturbAsync(system.BrokerLink, deed, fault.Duration),
        (FaultTarget.DatabaseLink, var deed) => DisturbAsync(system.DatabaseLink, deed, fault.Duration),
        (FaultTarget.RabbitMq, var deed) => HitBrokerAsync(deed, fault.Duration),
        (FaultTarget.Postgres, var deed) => HitDatabaseAsync(deed, fault.Duration),
        (FaultTarget.Everything, FaultDeed.Kill) => KillEverythingAsync(fault.Duration),
        (FaultTarget.Dispatcher or FaultTarget.Publisher or FaultTarget.Management, var deed) => HitServiceAsync(fault, deed),
        _ => throw Unknown(fault.Kind),
    };

    private async Task HitServiceAsync(PlannedFault fault, FaultDeed deed)
    {
        var name = fault.Kind.Target.ToString().ToLowerInvariant();
        var which = fault.Which % system.Services.Endpoints.Processes[name].Count;
        switch (deed)
        {
            case FaultDeed.Kill:
                system.Services.Kill(name, which);
                break;
            case FaultDeed.Restart:
                await system.Services.TerminateAsync(name, which);
                break;
            case FaultDeed.Freeze:
                using (system.Services.Freeze(name, which))
                {
                    await Task.Delay(fault.Duration);
                }

                break;
            default:
                throw Unknown(fault.Kind);
        }
    }

    private async Task HitBrokerAsync(FaultDeed deed, TimeSpan duration)
    {
        switch (deed)
        {
            case FaultDeed.Kill:
                await system.Broker.KillAsync();
                await Task.Delay(duration);
                await system.Broker.RestartAsync();
                break;
            case FaultDeed.Restart:
                await system.Broker.StopAsync();
                await Task.Delay(duration);
                await system.Broker.RestartAsync();
                break;
            case FaultDeed.Freeze:
                using (FrozenProcesses.Of(system.Broker.ProcessId))
                {
                    await Task.Delay(duration);
                }

                break;
            case FaultDeed.MemoryAlarm:
                await system.Broker.RaiseMemoryAlarmAsync();
                await Task.Delay(duration);
                await system.Broker.ClearMemoryAlarmAsync();
                break;
            default:
                await system.Broker.CloseConnectionsAsync(system.Broker.ConnectionString);
                break;
        }
    }

    private async Task HitDatabaseAsync(FaultDeed deed, TimeSpan duration)
    {
        switch (deed)
        {
            case FaultDeed.Freeze:
                using (FrozenProcesses.Of(system.Database))
                {
                    await Task.Delay(duration);
                }

                return;
            case FaultDeed.Kill:
                await system.Database.KillAsync();
                break;
            default:
                await system.Database.StopAsync();
                break;
        }

        await Task.Delay(duration);
        await system.Database.RestartAsync();
    }

    private async Task KillEverythingAsync(TimeSpan duration)
    {
        foreach (var service in new[] { "dispatcher", "publisher", "management" })
        {
            system.Services.Kill(service);
        }

        await Task.WhenAll(system.Broker.KillAsync(), system.Database.KillAsync());
        await Task.Delay(duration);
        await Task.WhenAll(system.Broker.RestartAsync(), system.Database.RestartAsync());
    }

    private static async Task DisturbAsync(TcpRelay link, FaultDeed deed, TimeSpan duration)
    {
        Action begin = deed switch
        {
            FaultDeed.Stall => link.FallSilent,
            FaultDeed.Cut => link.Cut,
            FaultDeed.HalfOpen => link.LoseAnswers,
            _ => link.Reset,
        };
        begin();
        await Task.Delay(duration);
        link.Restore();
    }

    private async Task MisbehaveAsync(PlannedFault fault, FaultDeed deed)
    {
        var receiver = ReceiverOf(fault);
        receivers.Behave(receiver, deed switch
        {
            FaultDeed.Fail => Manner.Failing,
            FaultDeed.Stall => Manner.Stalling,
            FaultDeed.Drip => Manner.Dripping,
            FaultDeed.Reset => Manner.Resetting,
            FaultDeed.Throttle => Manner.Throttling,
            _ => throw Unknown(fault.Kind),
        });
        await Task.Delay(fault.Duration);
        receivers.Behave(receiver, Manner.Well);
    }

    private static InvalidOperationException Unknown(FaultKind kind) => new($"Nobody knows how to do this: {kind.Name}.");
}

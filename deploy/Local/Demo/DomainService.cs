using MassTransit;
using Webhooks.Contracts;

namespace Webhooks.Local.Demo;

/// <summary>Plays the domain service: takes commands with MassTransit as any .NET service on the bus would, and says what became of them.</summary>
internal sealed class DomainService : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly TaskCompletionSource<(ApplyExceptionCallback Command, long At)> _command = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly string _tenant;
    private readonly TimeProvider _clock;
    private readonly IBusControl _bus;

    private DomainService(Uri broker, string tenant, TimeProvider clock)
    {
        (_tenant, _clock) = (tenant, clock);
        _bus = Bus.Factory.CreateUsingRabbitMq(rabbit =>
        {
            rabbit.Host(broker);
            // RabbitMQ 4.3 refuses the bus's own queue otherwise.
            rabbit.Durable = true;
            rabbit.ReceiveEndpoint(BrokerNames.ExceptionCommandsQueue, endpoint =>
            {
                // The queue is there, with these arguments, bound to its exchange.
                endpoint.ConfigureConsumeTopology = false;
                endpoint.SetQuorumQueue();
                endpoint.SetQueueArgument("x-delivery-limit", 1000);
                endpoint.UseRawJsonDeserializer(RawSerializerOptions.All, isDefault: true);
                endpoint.Handler<ApplyExceptionCallback>(ApplyAsync);
            });
        });
    }

    /// <summary>The first command of the demo's tenant, and the clock's timestamp when it came.</summary>
    public Task<(ApplyExceptionCallback Command, long At)> Command => _command.Task;

    public static async Task<DomainService> StartAsync(Uri broker, string tenant, TimeProvider clock, CancellationToken cancellationToken)
    {
        var service = new DomainService(broker, tenant, clock);
        await service._bus.StartAsync(cancellationToken);
        return service;
    }

    public async ValueTask DisposeAsync()
    {
        using var limit = new CancellationTokenSource(Patience, _clock);
        await _bus.StopAsync(limit.Token);
    }

    private Task ApplyAsync(ConsumeContext<ApplyExceptionCallback> context)
    {
        var command = context.Message;
        if (command.TenantId != _tenant)
        {
            // A real service's, which is not running now: unanswered, it is published again in a few minutes.
            return Task.CompletedTask;
        }

        _command.TrySetResult((command, _clock.GetTimestamp()));
        return context.Publish(new CallbackResult { CommandId = command.CommandId, Outcome = CallbackResult.Applied, Reason = $"{command.ExceptionId} is {command.Status}" });
    }
}

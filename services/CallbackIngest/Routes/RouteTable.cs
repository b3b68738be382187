using RabbitMQ.Client;
using Webhooks.Broker.Topology;

namespace Webhooks.CallbackIngest.Routes;

/// <summary>Every kind of callback that there is.</summary>
internal sealed class RouteTable(IEnumerable<CallbackRoute> routes)
{
    private readonly Dictionary<string, CallbackRoute> _byName = routes.ToDictionary(route => route.Name, StringComparer.Ordinal);

    public IReadOnlyCollection<CallbackRoute> All => _byName.Values;

    /// <summary>Null: a later version had it.</summary>
    public CallbackRoute? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>What a route's subject is called, in the words of its command.</summary>
    public string SubjectMemberOf(string name) => Find(name)?.SubjectMember ?? "subject_id";

    /// <summary>Declares all that is published to, so that no command is without a queue.</summary>
    public async Task DeclareAsync(IChannel channel)
    {
        await CallbackTopology.DeclareAsync(channel);
        foreach (var route in _byName.Values)
        {
            await CallbackTopology.DeclareCommandsAsync(channel, route.Queue, route.Binding);
        }
    }
}

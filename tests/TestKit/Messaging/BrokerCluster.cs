using System.Globalization;
using Webhooks.Local.Processes;
using Webhooks.Local.Provisioning;
using Webhooks.Local.Provisioning.RabbitMq;

namespace Webhooks.TestKit;

/// <summary>Three RabbitMQ nodes on this machine that are one broker: what a quorum queue confirms, two of them have.</summary>
public sealed class BrokerCluster : IAsyncDisposable
{
    private const int Nodes = 3;

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    private readonly OwnedDirectory _directory;
    private readonly List<RabbitMqServer> _nodes;

    private BrokerCluster(OwnedDirectory directory, List<RabbitMqServer> nodes) => (_directory, _nodes) = (directory, nodes);

    /// <summary>One connection string that names them all.</summary>
    public string ConnectionString
    {
        get
        {
            var first = new Uri(_nodes[0].ConnectionString);
            return $"amqp://{first.UserInfo}@{string.Join(',', _nodes.Select(node => $"127.0.0.1:{node.Port}"))}{first.AbsolutePath}";
        }
    }

    public static async Task<BrokerCluster> StartAsync()
    {
        var directory = await TestDirectory.CreateOwnedAsync("cluster");
        var mapper = FreePorts.Next();
        var members = Enumerable.Range(1, Nodes).Select(number => new ClusterMember(number, mapper)).ToList();
        var (cookie, password) = (Guid.NewGuid().ToString("N"), Guid.NewGuid().ToString("N"));
        foreach (var folder in members.Select(member => Path.Combine(directory.Path, RabbitMqServer.FolderOf(member))))
        {
            Directory.CreateDirectory(folder);
            SecretFile.ReadOrCreate(Path.Combine(folder, ".erlang.cookie"), () => cookie);
            SecretFile.ReadOrCreate(Path.Combine(folder, "password"), () => password);
        }

        // One after the other: two that join at once may wait for each other's lock for long.
        var cluster = new BrokerCluster(directory, []);
        foreach (var member in members)
        {
            cluster._nodes.Add(await RabbitMqServer.StartMemberAsync(directory, member));
        }

        await cluster.WaitForAllAsync();
        return cluster;
    }

    /// <summary>On how many nodes every queue is kept at least.</summary>
    public async Task<int> FewestCopiesAsync() => int.Parse(await _nodes[0].EvaluateAsync(
        "lists:min([length(maps:get(nodes, amqqueue:get_type_state(Q))) || Q <- rabbit_amqqueue:list()])."), CultureInfo.InvariantCulture);

    /// <summary>Waits until a queue has so many consumers, those among them that wait for their turn.</summary>
    public Task WaitForConsumersAsync(string queue, int count) => Eventually.TrueAsync(
        async () => await _nodes[0].EvaluateAsync($"{Lookup(queue)}, length(rabbit_amqqueue:consumers(Q)).") == $"{count}", Limit, $"{queue} has {count} consumers");

    /// <summary>The node that leads a queue.</summary>
    public async Task<RabbitMqServer> LeaderOfAsync(string queue)
    {
        RabbitMqServer? leader = null;
        await Eventually.TrueAsync(
            async () =>
            {
                // A node that has just started hears of a leader with the next thing that the leader does.
                var name = await _nodes[0].EvaluateAsync($"{Lookup(queue)}, ra_leaderboard:lookup_leader(element(1, amqqueue:get_pid(Q))).");
                leader = _nodes.Where((_, place) => name.Contains(new ClusterMember(place + 1, 0).Name, StringComparison.Ordinal)).SingleOrDefault();
                return leader is not null;
            },
            Limit,
            $"{queue} has a leader");
        return leader!;
    }

    /// <summary>Waits until every node sees all the others.</summary>
    public async Task WaitForAllAsync()
    {
        foreach (var node in _nodes)
        {
            await Eventually.TrueAsync(
                async () => await node.EvaluateAsync("length(rabbit_nodes:all_running()).") == $"{Nodes}", Limit, $"{Nodes} running nodes");
        }
    }

    public async ValueTask DisposeAsync()
    {
        // All at once: a node that leaves would have the others take over its queues, for nothing.
        await Task.WhenAll(_nodes.Select(node => node.KillAsync()));
        await Task.WhenAll(_nodes.Select(node => node.DisposeAsync().AsTask()));
        _directory.Dispose();
    }

    /// <summary>In Erlang: makes the queue Q.</summary>
    private string Lookup(string queue)
    {
        var virtualHost = Uri.UnescapeDataString(new Uri(_nodes[0].ConnectionString).AbsolutePath[1..]);
        return $$"""{ok, Q} = rabbit_amqqueue:lookup(rabbit_misc:r(<<"{{virtualHost}}">>, queue, <<"{{queue}}">>))""";
    }
}

namespace Webhooks.Local.Provisioning.RabbitMq;

/// <summary>A broker's place in a cluster of several on this machine. They share a cookie, a password and a port mapper.</summary>
/// <param name="Number">From 1; the first starts alone, and the others join it.</param>
/// <param name="EpmdPort">Where they find each other.</param>
internal sealed record ClusterMember(int Number, int EpmdPort)
{
    public string Name => NameOf(Number);

    /// <summary>Read when a node has no data yet; afterwards it knows its cluster.</summary>
    public string Settings => Number == 1 ? "" : $"""

        cluster_formation.peer_discovery_backend = classic_config
        cluster_formation.classic_config.nodes.1 = {NameOf(1)}
        cluster_formation.classic_config.nodes.2 = {Name}

        """;

    private static string NameOf(int number) => $"webhooks{number}@localhost";
}

namespace Webhooks.Broker.Connections;

/// <summary>
/// Reads <c>amqp://user:password@host1:5672,host2:5672/vhost</c>: the nodes of a cluster, any of which may be asked. Pure.
/// </summary>
internal static class BrokerAddress
{
    /// <summary>One URI for each node, each with the user, the virtual host and the query of the whole; null when it is none.</summary>
    public static IReadOnlyList<Uri>? TryRead(string? text)
    {
        var scheme = text?.IndexOf("://", StringComparison.Ordinal) ?? -1;
        if (scheme < 0)
        {
            return null;
        }

        var from = scheme + "://".Length;
        var to = text!.IndexOfAny(['/', '?', '#'], from) is var end and >= 0 ? end : text.Length;
        var hosts = text.LastIndexOf('@', to - 1, to - from) is var user and >= 0 ? user + 1 : from;

        var nodes = new List<Uri>();
        foreach (var host in text[hosts..to].Split(','))
        {
            if (host.Length == 0 || !Uri.TryCreate(text[..hosts] + host + text[to..], UriKind.Absolute, out var node) || node.Scheme is not ("amqp" or "amqps"))
            {
                return null;
            }

            nodes.Add(node);
        }

        return nodes;
    }
}

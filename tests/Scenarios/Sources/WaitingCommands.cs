using System.Text.Json;
using Webhooks.Contracts;
using Webhooks.TestKit;

namespace Webhooks.Scenarios.Tests.Sources;

/// <summary>The commands in the queue of the domain service, which does not run here; they stay there.</summary>
internal static class WaitingCommands
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    /// <summary>A tenant's, when there are so many. Whoever looks at the same time holds some of them for a moment.</summary>
    public static async Task<IReadOnlyList<JsonElement>> OfAsync(string amqp, string tenantId, int count)
    {
        IReadOnlyList<JsonElement> found = [];
        await Eventually.TrueAsync(async () => (found = await ReadAsync(amqp, tenantId)).Count >= count, Limit, () => $"{count} commands of {tenantId}; there were {found.Count}");
        return found;
    }

    private static async Task<IReadOnlyList<JsonElement>> ReadAsync(string amqp, string tenantId)
    {
        await using var peer = await AmqpPeer.ConnectAsync(amqp);
        var commands = new List<JsonElement>();
        while (await peer.Channel.BasicGetAsync(BrokerNames.ExceptionCommandsQueue, autoAck: false) is { } message)
        {
            var command = JsonElement.Parse(message.Body.Span);
            if (command.TryGetProperty("tenant_id", out var tenant) && tenant.GetString() == tenantId)
            {
                commands.Add(command);
            }
        }

        return commands;
    }
}

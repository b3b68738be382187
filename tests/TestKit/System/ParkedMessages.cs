using System.Text;
using Npgsql;
using RabbitMQ.Client;
using Webhooks.Broker.Parking;

namespace Webhooks.TestKit;

/// <summary>What the system could not process, as its table has it; each scenario looks for its own by message id.</summary>
public sealed class ParkedMessages(NpgsqlDataSource database)
{
    /// <summary>All there are, the oldest first.</summary>
    public Task<IReadOnlyList<ParkedMessage>> AllAsync() => ReadAsync("true");

    /// <summary>Waits for the first with this message id.</summary>
    public async Task<ParkedMessage> WaitForAsync(string messageId)
    {
        IReadOnlyList<ParkedMessage> found = [];
        await Eventually.TrueAsync(
            async () => (found = await ReadAsync("message_id = $1", messageId)).Count > 0, TimeSpan.FromMinutes(5), $"Message {messageId} is parked.");
        return found[0];
    }

    private async Task<IReadOnlyList<ParkedMessage>> ReadAsync(string which, params object[] parameters)
    {
        await using var command = database.CreateCommand($"SELECT id, tenant_id, queue, reason, detail, properties, body FROM parked WHERE {which} ORDER BY created_at, id");
        command.Parameters.AddRange(parameters.Select(parameter => new NpgsqlParameter { Value = parameter }).ToArray());
        await using var row = await command.ExecuteReaderAsync();
        var messages = new List<ParkedMessage>();
        while (await row.ReadAsync())
        {
            messages.Add(new ParkedMessage(
                row.GetGuid(0), row.IsDBNull(1) ? null : row.GetString(1), row.IsDBNull(2) ? null : row.GetString(2), row.GetString(3), row.GetString(4),
                PropertiesBytes.Read(row.GetFieldValue<byte[]>(5)), row.GetFieldValue<byte[]>(6)));
        }

        return messages;
    }
}

/// <summary>A message that the system could not process.</summary>
public sealed record ParkedMessage(Guid Id, string? TenantId, string? Queue, string Reason, string Detail, BasicProperties Properties, byte[] Body)
{
    public string Text => Encoding.UTF8.GetString(Body);

    /// <summary>A text header; null when there is none.</summary>
    public string? Header(string name) =>
        Properties.Headers?.TryGetValue(name, out var value) is true && value is byte[] text ? Encoding.UTF8.GetString(text) : null;
}

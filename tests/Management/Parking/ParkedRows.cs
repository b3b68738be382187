using System.Text;
using Npgsql;
using RabbitMQ.Client;
using Webhooks.Broker.Parking;
using Webhooks.Contracts;

namespace Webhooks.Management.Tests.Parking;

/// <summary>Parked messages as a dispatcher keeps them.</summary>
internal static class ParkedRows
{
    /// <returns>Its id as people see it.</returns>
    public static Task<string> AddAsync(
        ManagementApi api, string? tenantId, string? queue = BrokerNames.PublisherQueue, string reason = "invalid_event", string body = "{}", BasicProperties? properties = null) =>
        AddAsync(api, tenantId, queue, reason, Encoding.UTF8.GetBytes(body), properties);

    public static async Task<string> AddAsync(ManagementApi api, string? tenantId, string? queue, string reason, byte[] body, BasicProperties? properties = null)
    {
        var id = Guid.CreateVersion7();
        properties ??= new BasicProperties { MessageId = "m-1", ContentType = "application/json" };
        properties.Headers ??= new Dictionary<string, object?>();
        properties.Headers[BrokerNames.ParkedReasonHeader] = reason;
        properties.Headers[BrokerNames.ParkedDetailHeader] = "It is wrong.";
        properties.Headers[BrokerNames.ParkedQueueHeader] = queue;
        properties.Headers[BrokerNames.ParkedIdHeader] = id.ToString();
        properties.Headers["x-delivery-count"] = 20L;
        await using var insert = api.Database.CreateCommand(
            """
            INSERT INTO parked (id, created_at, tenant_id, queue, reason, detail, message_id, properties, body)
            VALUES ($1, clock_timestamp(), $2, $3, $4, 'It is wrong.', $5, $6, $7)
            """);
        object?[] values = [id, tenantId, queue, reason, properties.MessageId, PropertiesBytes.Write(properties), body];
        insert.Parameters.AddRange(values.Select(value => value is null
            ? new NpgsqlParameter { Value = DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Text }
            : new NpgsqlParameter { Value = value }).ToArray());
        await insert.ExecuteNonQueryAsync();
        return PrefixedId.Format(PrefixedId.Parked, id);
    }
}

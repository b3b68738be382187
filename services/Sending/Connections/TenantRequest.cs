namespace Webhooks.Sending.Connections;

/// <summary>A request that says whose it is: the connection that is opened for it waits in its tenant's turn for the name.</summary>
internal sealed class TenantRequest(Uri uri, string tenantId) : HttpRequestMessage(HttpMethod.Post, uri)
{
    public string TenantId => tenantId;
}

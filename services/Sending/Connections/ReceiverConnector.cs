using System.Net;
using System.Net.Sockets;
using Webhooks.Sending.Addresses;

namespace Webhooks.Sending.Connections;

/// <summary>
/// Opens the connections of the pool. The addresses are judged here, on what is about to be connected to, so that
/// no spelling of a host and no second answer of a name server gets past the guard. A pooled connection needs no
/// second look: the rule is the same for every tenant, and the connection goes where it was checked to go.
/// </summary>
internal sealed class ReceiverConnector(
    AddressGuard guard, IPAddress? source, NameLookups names, TimeProvider clock)
{
    // A host with several addresses is not given up because the first one swallows everything.
    private static readonly TimeSpan PatienceWhileOthersRemain = TimeSpan.FromSeconds(2);

    public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var endpoint = context.DnsEndPoint;
        var addresses = await ResolveAsync(endpoint.Host, ((TenantRequest)context.InitialRequestMessage).TenantId, cancellationToken);

        // One refused address refuses all: a name that points inside as well as outside is not to be trusted.
        foreach (var address in addresses)
        {
            if (!guard.Allows(address))
            {
                throw new AddressRefusedException();
            }
        }

        if (source is not null)
        {
            addresses = Array.FindAll(addresses, address => address.AddressFamily == source.AddressFamily);
        }

        for (var i = 0; i < addresses.Length - 1; i++)
        {
            if (await TryConnectAsync(addresses[i], endpoint.Port, cancellationToken) is { } connection)
            {
                return connection;
            }
        }

        return addresses.Length > 0
            ? await ConnectAsync(addresses[^1], endpoint.Port, cancellationToken)
            : throw new SocketException((int)SocketError.AddressFamilyNotSupported);
    }

    private async Task<IPAddress[]> ResolveAsync(string host, string tenantId, CancellationToken cancellationToken)
    {
        if (IPAddress.TryParse(host, out var literal))
        {
            return [literal];
        }

        try
        {
            var addresses = await names.LookUpAsync(host, tenantId).WaitAsync(cancellationToken);
            return addresses.Length > 0 ? addresses : throw new NameLookupException(null);
        }
        catch (Exception noAddress) when (noAddress is SocketException or ArgumentException)
        {
            // ArgumentException: a name too long for the resolver, which the URL rules cannot know.
            throw new NameLookupException(noAddress);
        }
    }

    private async Task<ReceiverConnection?> TryConnectAsync(IPAddress address, int port, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(PatienceWhileOthersRemain, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            return await ConnectAsync(address, port, either.Token);
        }
        catch (SocketException)
        {
            return null;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }

    private async Task<ReceiverConnection> ConnectAsync(IPAddress address, int port, CancellationToken cancellationToken)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            if (source is not null)
            {
                LocalAddress.Bind(socket, source);
            }

            await socket.ConnectAsync(new IPEndPoint(address, port), cancellationToken);
            return new ReceiverConnection(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}

using Microsoft.AspNetCore.Server.Kestrel.Core;
using Webhooks.Api.Bodies;

namespace Webhooks.CallbackIngest.Limits;

/// <summary>What callers may cost before they have said who they are: the whole internet may call.</summary>
internal static class ServerLimits
{
    // One who sends a byte a second holds a connection, and so may a thousand of them.
    private const double SlowestBytesPerSecond = 240;
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan ForHeaders = TimeSpan.FromSeconds(10);
    // So much of a body that is too large is read and thrown away that its sender gets to read why; beyond, the sender is cut off.
    private const int LargestRead = 8 * RequestBody.Limit;

    // What a connection has sent and nobody reads yet: a body that waits for its place waits at its sender's.
    private const int MostUnread = 64 * 1024;

    private const int MostHeaders = 64;
    private const int LargestHeaders = 16 * 1024;
    private const int LongestRequestLine = 4 * 1024;

    public static void Apply(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = LargestRead;
        kestrel.Limits.MaxRequestBufferSize = MostUnread;
        kestrel.Limits.MinRequestBodyDataRate = new MinDataRate(SlowestBytesPerSecond, Grace);
        kestrel.Limits.RequestHeadersTimeout = ForHeaders;
        kestrel.Limits.MaxRequestHeaderCount = MostHeaders;
        kestrel.Limits.MaxRequestHeadersTotalSize = LargestHeaders;
        kestrel.Limits.MaxRequestLineSize = LongestRequestLine;
    }
}

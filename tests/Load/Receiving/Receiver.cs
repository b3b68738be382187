using System.Buffers;
using System.Globalization;
using System.Text;

namespace Webhooks.Load.Receiving;

/// <summary>The receiver of every delivery and of the floor's requests: reads the whole body, counts, answers 200.</summary>
internal sealed class Receiver : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly string _address;
    private volatile Tally? _tally;
    private volatile byte[]? _sample;

    private Receiver(WebApplication app)
    {
        _app = app;
        _address = app.Urls.First();
    }

    /// <summary>A body as it was received, for the floor to send again.</summary>
    public byte[] SampleBody => _sample ?? throw new InvalidOperationException("Nothing was received yet.");

    public string Url(int subscription) => $"{_address}/{subscription}";

    public string Url(string path) => _address + path;

    public static async Task<Receiver> StartAsync(int fanout, CancellationToken cancellationToken, Misbehaviour? misbehaviour = null)
    {
        // Empty: the usual host watches all files below the working directory for changed settings, and is woken by each write of
        // the servers whose data are there.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.AddServerHeader = false).UseUrls("http://127.0.0.1:0");
        builder.Services.AddRoutingCore();
        var app = builder.Build();
        misbehaviour?.Map(app);
        Receiver? self = null;
        app.MapFallback(context => self!.ReceiveAsync(context, fanout));
        await app.StartAsync(cancellationToken);
        return self = new Receiver(app);
    }

    public Tally Expect(Tally tally) => _tally = tally;

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task ReceiveAsync(HttpContext context, int fanout)
    {
        var reader = context.Request.BodyReader;
        while (true)
        {
            var read = await reader.ReadAsync();
            if (!read.IsCompleted)
            {
                reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                continue;
            }

            Count(context, read.Buffer, fanout);
            reader.AdvanceTo(read.Buffer.End);
            return;
        }
    }

    private void Count(HttpContext context, in ReadOnlySequence<byte> body, int fanout)
    {
        _sample ??= body.ToArray();
        if (_tally is not { } tally
            || !int.TryParse(context.Request.Path.Value.AsSpan(1), CultureInfo.InvariantCulture, out var subscription)
            || subscription >= fanout)
        {
            return;
        }

        // Every profile but "standard" begins with the id; that one has it in a header.
        Span<byte> head = stackalloc byte[64];
        head = head[..(int)Math.Min(head.Length, body.Length)];
        body.Slice(0, head.Length).CopyTo(head);
        var id = context.Request.Headers["webhook-id"] is [{ } header, ..] ? header : Encoding.ASCII.GetString(head);
        var from = id.IndexOf(tally.Prefix + "_", StringComparison.Ordinal);
        if (from >= 0 && int.TryParse(id.AsSpan(from + tally.Prefix.Length + 1, EventNumber.Digits), CultureInfo.InvariantCulture, out var number))
        {
            tally.Received(number, subscription);
        }
    }
}

/// <summary>How event ids are spelled: <c>prefix_00000017_run</c>.</summary>
internal static class EventNumber
{
    public const int Digits = 8;
}

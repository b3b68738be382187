using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Webhooks.Faults.Receiving;

/// <summary>Reads requests from a connection, bare enough that its answers can be anything: a web server answers too well.</summary>
internal sealed class HttpRequestReader(Socket socket)
{
    private byte[] _buffer = new byte[16 * 1024];
    private int _length;

    /// <summary>The next request; null when the sender has closed.</summary>
    public async Task<RawRequest?> ReadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var head = _buffer.AsSpan(0, _length).IndexOf("\r\n\r\n"u8);
            if (head >= 0)
            {
                var lines = Encoding.Latin1.GetString(_buffer, 0, head).Split("\r\n");
                var headers = lines.Skip(1).Select(line => line.Split(": ", 2)).ToDictionary(pair => pair[0], pair => pair[^1], StringComparer.OrdinalIgnoreCase);
                var length = headers.TryGetValue("Content-Length", out var text) ? int.Parse(text, CultureInfo.InvariantCulture) : 0;
                if (_length >= head + 4 + length)
                {
                    var request = new RawRequest(lines[0].Split(' ')[1], headers, _buffer[(head + 4)..(head + 4 + length)]);
                    _length -= head + 4 + length;
                    _buffer.AsSpan(head + 4 + length, _length).CopyTo(_buffer);
                    return request;
                }
            }

            if (_length == _buffer.Length)
            {
                Array.Resize(ref _buffer, _buffer.Length * 2);
            }

            var read = await socket.ReceiveAsync(_buffer.AsMemory(_length), cancellationToken);
            if (read == 0)
            {
                return null;
            }

            _length += read;
        }
    }
}

/// <summary>A request as it came in.</summary>
internal sealed record RawRequest(string Path, IReadOnlyDictionary<string, string> Headers, byte[] Body)
{
    public string? Header(string name) => Headers.GetValueOrDefault(name);
}

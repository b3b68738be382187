using System.Buffers;
using System.Net;
using System.Net.Http.Headers;

namespace Webhooks.Sending.Answers;

/// <summary>Takes from an answer what is kept of it: so much and no more, however much a receiver sends.</summary>
internal static class ReceivedAnswer
{
    private const int MaxBodyBytes = 16 * 1024;
    private const int MaxHeaderCharacters = 16 * 1024;

    public static List<KeyValuePair<string, string>> Headers(HttpResponseMessage response)
    {
        var headers = new List<KeyValuePair<string, string>>(8);
        var room = MaxHeaderCharacters;
        Add(response.Headers.NonValidated, headers, ref room);
        Add(response.Content.Headers.NonValidated, headers, ref room);
        return headers;
    }

    /// <summary>Reads until the end, the limit, or the first trouble: the status line has decided already.</summary>
    public static async ValueTask<byte[]> BodyAsync(HttpResponseMessage response, CancellationToken deadline)
    {
        if (response.StatusCode == HttpStatusCode.SwitchingProtocols)
        {
            // What follows is another protocol, open until one side has enough; no body, and no reason to wait for it.
            return [];
        }

        var buffer = ArrayPool<byte>.Shared.Rent(MaxBodyBytes);
        var length = 0;
        try
        {
            var body = response.Content.ReadAsStream(CancellationToken.None);
            int read;
            do
            {
                read = await body.ReadAsync(buffer.AsMemory(length, MaxBodyBytes - length), deadline);
                length += read;
            }
            while (read > 0 && length < MaxBodyBytes);
        }
        catch (Exception trouble) when (trouble is OperationCanceledException or IOException or HttpRequestException)
        {
        }

        var kept = buffer.AsSpan(0, length).ToArray();
        ArrayPool<byte>.Shared.Return(buffer);
        return kept;
    }

    private static void Add(HttpHeadersNonValidated received, List<KeyValuePair<string, string>> kept, ref int room)
    {
        foreach (var (name, values) in received)
        {
            foreach (var value in values)
            {
                room -= name.Length + value.Length;
                if (room < 0)
                {
                    return;
                }

                kept.Add(new(name, value));
            }
        }
    }
}

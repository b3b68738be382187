using System.Text.Unicode;
using Microsoft.Net.Http.Headers;
using Webhooks.Api.Deadlines;
using Webhooks.Api.Problems;

namespace Webhooks.Api.Bodies;

/// <summary>Takes in a request's body: JSON by its content type, valid UTF-8, within a limit.</summary>
internal static class RequestBody
{
    /// <summary>Of every body but an event's.</summary>
    public const int Limit = 1024 * 1024;

    /// <summary>Beyond that much who holds many bodies asks for room.</summary>
    public const int Small = 64 * 1024;

    private const int FirstBuffer = 16 * 1024;

    public static Problem WrongType { get; } =
        new(StatusCodes.Status415UnsupportedMediaType, "unsupported_media_type", "Send the body as application/json in UTF-8, not compressed.");

    /// <exception cref="RefusedException">415, 413 or 400.</exception>
    public static Task<byte[]> ReadAsync(HttpRequest request, int limit, RequestClock clock, CancellationToken cancellationToken) =>
        ReadAsync(request, limit, clock, makeRoom: null, cancellationToken);

    /// <param name="request">Whose body.</param>
    /// <param name="limit">In bytes.</param>
    /// <param name="clock">Stands still meanwhile.</param>
    /// <param name="makeRoom">Waited for before more than <see cref="Small"/> is held; null: nothing.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="RefusedException">415, 413 or 400.</exception>
    public static async Task<byte[]> ReadAsync(
        HttpRequest request, int limit, RequestClock clock, Func<Task>? makeRoom, CancellationToken cancellationToken)
    {
        if (!IsJson(request))
        {
            throw new RefusedException(WrongType);
        }

        var body = await clock.WithoutAsync(() => ReceiveAsync(request, limit, makeRoom, cancellationToken));
        return Utf8.IsValid(body) ? body : throw new RefusedException(Problem.MalformedJson("The body is not valid UTF-8."));
    }

    /// <summary>The bytes as they came, whatever they say of themselves: for callers that verify them before anything is read.</summary>
    /// <exception cref="RefusedException">413.</exception>
    public static Task<byte[]> ReadAnyAsync(HttpRequest request, RequestClock clock, Func<Task> makeRoom, CancellationToken cancellationToken) =>
        clock.WithoutAsync(() => ReceiveAsync(request, Limit, makeRoom, cancellationToken));

    private static bool IsJson(HttpRequest request) =>
        MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
        && (type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase)
            || type.MediaType.Equals("application/merge-patch+json", StringComparison.OrdinalIgnoreCase))
        && (type.Charset.Length == 0 || HeaderUtilities.RemoveQuotes(type.Charset).Equals("utf-8", StringComparison.OrdinalIgnoreCase))
        && request.Headers.ContentEncoding.Count == 0;

    private static async Task<byte[]> ReceiveAsync(HttpRequest request, int limit, Func<Task>? makeRoom, CancellationToken cancellationToken)
    {
        if (request.ContentLength > limit)
        {
            throw new RefusedException(Problem.TooLarge(limit));
        }

        // Never more than twice what it has sent: whoever announces much may send little.
        var whole = (int?)request.ContentLength;
        var buffer = new byte[Math.Min(whole ?? FirstBuffer, FirstBuffer)];
        var length = 0;
        while (true)
        {
            if (length == whole)
            {
                return buffer;
            }

            if (length == buffer.Length)
            {
                if (length == Small && makeRoom is not null)
                {
                    await makeRoom();
                }

                // Of an unknown length one byte more than the limit, to see that there is more.
                Array.Resize(ref buffer, Math.Min(length * 2, whole ?? limit + 1));
            }

            var read = await ReadAsync(request, buffer.AsMemory(length), cancellationToken);
            if (read == 0)
            {
                return buffer[..length];
            }

            length += read;
            if (length > limit)
            {
                throw new RefusedException(Problem.TooLarge(limit));
            }
        }
    }

    // Kestrel says of some broken chunks only that reading failed. Told here, where it cannot be taken for the database's failure.
    private static async ValueTask<int> ReadAsync(HttpRequest request, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        try
        {
            return await request.Body.ReadAsync(buffer, cancellationToken);
        }
        catch (IOException fault) when (fault is not BadHttpRequestException && !cancellationToken.IsCancellationRequested)
        {
            throw new RefusedException(Problem.BadRequest);
        }
    }
}

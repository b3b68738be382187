using Microsoft.AspNetCore.Http;
using Webhooks.Api.Bodies;
using Webhooks.Api.Deadlines;

namespace Webhooks.Management.Tests.Bodies;

public sealed class RequestBodyTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(16 * 1024)]
    [InlineData(100_000)]
    [InlineData(RequestBody.Limit)]
    public async Task What_is_held_of_a_body_follows_what_has_come_not_what_was_announced(int length)
    {
        using var clock = new RequestClock(TimeSpan.FromMinutes(1), TimeProvider.System);
        var sent = new Trickle(length);
        var request = new DefaultHttpContext { Request = { Body = sent, ContentLength = length, ContentType = "application/json" } }.Request;

        var body = await RequestBody.ReadAsync(request, RequestBody.Limit, clock, CancellationToken.None);

        Assert.Equal(length, body.Length);
        Assert.All(sent.Held, held => Assert.InRange(held.Held, 0, Math.Max(16 * 1024, 2 * held.Sent)));
    }

    /// <summary>So many bytes, a thousand at a time, that notes how large the buffer was for which it had sent how much.</summary>
    private sealed class Trickle(int length) : Stream
    {
        private int _sent;

        public List<(int Sent, int Held)> Held { get; } = [];

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => length;

        public override long Position
        {
            get => _sent;
            set => throw new NotSupportedException();
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Held.Add((_sent, _sent + buffer.Length));
            var now = Math.Min(Math.Min(1_000, buffer.Length), length - _sent);
            buffer[..now].Span.Fill((byte)' ');
            _sent += now;
            return ValueTask.FromResult(now);
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush() => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}

using System.Threading.RateLimiting;
using Microsoft.Extensions.Options;
using Webhooks.Api.Access;
using Webhooks.Api.Problems;

namespace Webhooks.Management.TestSends;

/// <summary>
/// Bounds test sends: they are requests of ours to wherever somebody says, and each may take as long as its receiver likes
/// to. So many a minute for a token and tenant, so many at once for a tenant, and for all.
/// </summary>
internal sealed class TestSendLimits : IDisposable
{
    private const int AtOnceOfTenant = 8;
    private const int AtOnceOfAll = 64;
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(1);

    private readonly PartitionedRateLimiter<Sender> _limiter;

    public TestSendLimits(IOptions<TestSendOptions> options)
    {
        var perMinute = options.Value.TestsPerMinute;
        // The minute's last: what is refused for another reason does not use it up.
        _limiter = PartitionedRateLimiter.CreateChained(
            PartitionedRateLimiter.Create<Sender, string>(sender => RateLimitPartition.GetConcurrencyLimiter(
                sender.TenantId, static _ => new ConcurrencyLimiterOptions { PermitLimit = AtOnceOfTenant })),
            PartitionedRateLimiter.Create<Sender, int>(_ => RateLimitPartition.GetConcurrencyLimiter(
                0, static _ => new ConcurrencyLimiterOptions { PermitLimit = AtOnceOfAll })),
            PartitionedRateLimiter.Create<Sender, Sender>(sender => RateLimitPartition.GetFixedWindowLimiter(
                sender, _ => new FixedWindowRateLimiterOptions { PermitLimit = perMinute, Window = Window })));
    }

    /// <summary>To be disposed when the send has ended.</summary>
    /// <exception cref="RefusedException">429.</exception>
    public RateLimitLease Acquire(Caller caller, string tenantId)
    {
        var lease = _limiter.AttemptAcquire(new Sender(caller.Token, tenantId));
        if (lease.IsAcquired)
        {
            return lease;
        }

        using (lease)
        {
            throw new RefusedException(lease.TryGetMetadata(MetadataName.RetryAfter, out var wait)
                ? Problem.RateLimited("There were too many test sends within a minute.", wait)
                : Problem.RateLimited("Too many test sends are waiting for their receivers.", Soon));
        }
    }

    public void Dispose() => _limiter.Dispose();

    private readonly record struct Sender(string Token, string TenantId);
}

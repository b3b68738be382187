using Microsoft.Extensions.Options;
using Webhooks.CallbackIngest.Callbacks;
using Webhooks.CallbackIngest.Keys;
using Webhooks.CallbackIngest.Results;
using Webhooks.CallbackIngest.Routes;
using Webhooks.Database.Auditing;
using Webhooks.TestKit;

namespace Webhooks.CallbackIngest.Tests.Keys;

/// <summary>What can happen between a key's reservation and its completion.</summary>
public sealed class KeyStoreTests(World world) : IClassFixture<World>
{
    private static readonly IOptions<CallbackOptions> Options = Microsoft.Extensions.Options.Options.Create(new CallbackOptions { CallbacksPerMinute = 0 });

    private readonly KeyStore _keys = new(world.Database, Options);
    private readonly CompletionStore _completions = new(world.Database, Options);
    private readonly ResultStore _results = new(world.Database, new RouteTable([ExceptionRoute.Route]));

    [Theory]
    [InlineData(true, "applied")]
    [InlineData(false, "failed")]
    public async Task A_result_that_comes_before_the_completion_stays(bool isApplied, string status)
    {
        var callback = TestCallback.Of($"early-{isApplied}");
        var reserved = Assert.IsType<KeyOutcome.Reserved>(await ReserveAsync(callback));
        Assert.Equal(ResultEffect.Applied, await SayAsync(callback, isApplied, mayWait: false));

        await _completions.WriteAsync([new Completion(callback, FailedBecause: null)], CancellationToken.None);

        Assert.Equal(status, await world.StatusAsync(callback.Key));
        Assert.Equal("said early", await world.Database.ScalarAsync<string>("SELECT reason FROM callbacks WHERE idempotency_key = $1", callback.Key));
        Assert.True(await world.Database.ScalarAsync<bool>("SELECT accepted_at IS NOT NULL AND repeat_at IS NULL FROM callbacks WHERE idempotency_key = $1", callback.Key));
    }

    [Fact]
    public async Task A_result_waits_for_the_completion_while_it_may_so_that_the_audit_knows_who_called()
    {
        var callback = TestCallback.Of("patient") with { Actor = new Actor("tok_1", "the token", "127.0.0.1") };
        await ReserveAsync(callback);
        Assert.Equal(ResultEffect.Waits, await SayAsync(callback, isApplied: true, mayWait: true));
        Assert.Equal("reserved", await world.StatusAsync("patient"));

        await _completions.WriteAsync([new Completion(callback, FailedBecause: null)], CancellationToken.None);

        Assert.Equal(ResultEffect.Applied, await SayAsync(callback, isApplied: true, mayWait: true));
        Assert.Equal(ResultEffect.None, await SayAsync(callback, isApplied: true, mayWait: true));
        Assert.Equal(["callback.accepted tok_1", "callback.applied system"], await AuditAsync(callback));
    }

    [Fact]
    public async Task Who_was_answered_503_and_is_applied_all_the_same_was_accepted_before()
    {
        var callback = TestCallback.Of("reached-it");
        await ReserveAsync(callback);
        await _completions.WriteAsync([new Completion(callback, "not confirmed")], CancellationToken.None);

        Assert.Equal(ResultEffect.Applied, await SayAsync(callback, isApplied: true, mayWait: true));
        await _completions.WriteAsync([new Completion(callback, FailedBecause: null)], CancellationToken.None);

        Assert.Equal(["callback.failed system", "callback.accepted system", "callback.applied system"], await AuditAsync(callback));
        Assert.True(await world.Database.ScalarAsync<bool>("SELECT answered_at >= accepted_at FROM callbacks WHERE idempotency_key = $1", callback.Key));
    }

    [Fact]
    public async Task What_was_marked_failed_and_is_confirmed_after_all_is_accepted()
    {
        var callback = TestCallback.Of("late");
        var reserved = Assert.IsType<KeyOutcome.Reserved>(await ReserveAsync(callback));
        await _completions.WriteAsync([new Completion(callback, "not confirmed")], CancellationToken.None);
        Assert.Equal("failed", await world.StatusAsync("late"));

        await _completions.WriteAsync([new Completion(callback, FailedBecause: null)], CancellationToken.None);

        Assert.Equal("accepted", await world.StatusAsync("late"));
        Assert.IsType<KeyOutcome.Replayed>(await ReserveAsync(callback));
    }

    [Fact]
    public async Task A_failure_takes_nothing_back_that_is_done()
    {
        var callback = TestCallback.Of("done");
        var reserved = Assert.IsType<KeyOutcome.Reserved>(await ReserveAsync(callback));
        await _completions.WriteAsync([new Completion(callback, FailedBecause: null)], CancellationToken.None);

        await _completions.WriteAsync([new Completion(callback, "not confirmed")], CancellationToken.None);

        Assert.Equal("accepted", await world.StatusAsync("done"));
    }

    [Fact]
    public async Task In_one_group_a_key_goes_to_the_first_and_a_later_change_supersedes_what_follows()
    {
        var (first, other) = (TestCallback.Of("group-1", updatedAt: "2024-01-20T10:30:00Z"), TestCallback.Of("group-1", note: "other", updatedAt: "2024-01-20T10:30:00Z"));
        var older = TestCallback.Of("group-2", updatedAt: "2024-01-20T10:29:00Z");

        var outcomes = await _keys.ReserveAsync([first, first, other, older], CancellationToken.None);

        Assert.False(Assert.IsType<KeyOutcome.Reserved>(outcomes[0]).Superseded);
        Assert.IsType<KeyOutcome.InProgress>(outcomes[1]);
        Assert.IsType<KeyOutcome.Reused>(outcomes[2]);
        Assert.True(Assert.IsType<KeyOutcome.Reserved>(outcomes[3]).Superseded);
    }

    [Fact]
    public async Task What_failed_supersedes_nothing()
    {
        var later = TestCallback.Of("order-failed", updatedAt: "2024-01-20T10:30:00Z", exceptionId: "exc_failed");
        var reserved = Assert.IsType<KeyOutcome.Reserved>(await ReserveAsync(later));
        await _completions.WriteAsync([new Completion(later, "not confirmed")], CancellationToken.None);

        Assert.False(Assert.IsType<KeyOutcome.Reserved>(await ReserveAsync(TestCallback.Of("order-older", updatedAt: "2024-01-20T10:29:00Z", exceptionId: "exc_failed"))).Superseded);
    }

    private async Task<ResultEffect> SayAsync(IncomingCallback callback, bool isApplied, bool mayWait) => (await _results.ApplyAsync(
        [new CommandResult(callback.CommandId, isApplied, "said early")], _ => mayWait, CancellationToken.None))[callback.CommandId];

    private Task<IReadOnlyList<string>> AuditAsync(IncomingCallback callback) => world.Database.ColumnAsync<string>(
        "SELECT action || ' ' || actor FROM audit WHERE details LIKE '%' || $1 || '%' ORDER BY created_at", callback.CommandId.ToString());

    private async Task<KeyOutcome> ReserveAsync(IncomingCallback callback) => Assert.Single(await _keys.ReserveAsync([callback], CancellationToken.None));
}

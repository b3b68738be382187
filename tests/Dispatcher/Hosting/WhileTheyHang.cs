using Webhooks.TestKit;

namespace Webhooks.Dispatcher.Tests;

/// <summary>
/// What is so while receivers hang can be seen until the first of them is given up, after half a minute at most. A busy machine may come to
/// that before: then it is looked for anew.
/// </summary>
internal static class WhileTheyHang
{
    private const int Rounds = 3;

    /// <param name="round">In a world of its own; answers what was wrong with the last look, and null when one was right.</param>
    public static async Task IsSeenAsync(Func<World, Task<string?>> round)
    {
        var wrong = "";
        for (var number = 0; number < Rounds; number++)
        {
            await using var world = await World.CreateAsync();
            if ((wrong = await round(world)) is null)
            {
                return;
            }
        }

        Assert.Fail($"In each of {Rounds} rounds the first was given up before it was right. At last it was {wrong}.");
    }

    /// <summary>Looks until it is right or the first attempt at <paramref name="hanging"/> has ended; answers null, or what it was at last.</summary>
    public static async Task<string?> LookAsync<T>(World world, TestReceiver hanging, Func<Task<T>> look, Func<T, bool> isRight)
    {
        var (seen, isRightInTime) = (default(T)!, false);
        await Eventually.TrueAsync(
            async () =>
            {
                seen = await look();
                // Asked after the look: an attempt is recorded before its message is acknowledged.
                var hasEnded = await EndedAsync(world, hanging) > 0;
                isRightInTime = !hasEnded && isRight(seen);
                return hasEnded || isRightInTime;
            },
            World.Limit, () => $"the first that hangs to be given up; it was {seen}");
        return isRightInTime ? null : $"{seen}";
    }

    private static Task<long> EndedAsync(World world, TestReceiver hanging) =>
        world.Database.ScalarAsync<long>("SELECT count(*) FROM attempts WHERE starts_with(request_url, $1)", hanging.Url);
}

using FsCheck;
using FsCheck.Fluent;
using Webhooks.Dispatcher.Lanes;
using Webhooks.Dispatcher.Lanes.Ordering;

namespace Webhooks.Dispatcher.Tests.Lanes.Ordering;

public sealed class KeyTurnsTests
{
    private readonly KeyTurns _turns = new();

    [Fact]
    public void A_key_has_one_turn_at_a_time()
    {
        var (first, second) = (Head(1), Head(1));

        _turns.Found(first, now: TimeSpan.Zero);
        _turns.Found(second, now: TimeSpan.Zero);
        Assert.Equal((1, first), (_turns.Ready, _turns.Take()));
        _turns.Found(second, now: TimeSpan.Zero);
        Assert.Equal(0, _turns.Ready);

        _turns.Ended(1);
        Assert.Equal(TimeSpan.Zero, _turns.NextAsk);
        Assert.Equal([1], _turns.TakeKeysToAsk(TimeSpan.Zero, limit: 10));
        Assert.Empty(_turns.TakeKeysToAsk(TimeSpan.Zero, limit: 10));
        _turns.Found(second, now: TimeSpan.Zero);
        Assert.Equal(second, _turns.Take());
    }

    [Fact]
    public void A_head_that_waits_is_asked_for_when_its_time_has_come_and_no_other_key_waits_for_it()
    {
        _turns.Found(Head(1, waitsFor: 10), now: Seconds(5));
        _turns.Found(Head(2), now: Seconds(5));

        Assert.Equal((2, Seconds(15)), (_turns.Take().Key, _turns.NextAsk));
        Assert.Empty(_turns.TakeKeysToAsk(Seconds(14), limit: 10));
        Assert.Equal([1], _turns.TakeKeysToAsk(Seconds(15), limit: 10));
    }

    [Fact]
    public void Found_again_and_again_it_waits_once_and_for_the_earliest_moment()
    {
        _turns.Found(Head(1, waitsFor: 10), now: Seconds(0));
        _turns.Found(Head(1, waitsFor: 20), now: Seconds(1));
        _turns.Found(Head(1, waitsFor: 3), now: Seconds(2));

        Assert.Equal([1], _turns.TakeKeysToAsk(Seconds(5), limit: 10));
        Assert.Empty(_turns.TakeKeysToAsk(Seconds(100), limit: 10));
    }

    [Fact]
    public void More_keys_than_are_asked_for_at_once_are_asked_for_next()
    {
        for (var key = 0; key < 5; key++)
        {
            _turns.Ended(key);
        }

        Assert.Equal([0, 1, 2, 3, 4], _turns.TakeKeysToAsk(TimeSpan.Zero, limit: 3).Concat(_turns.TakeKeysToAsk(TimeSpan.Zero, limit: 3)).Order());
        Assert.Null(_turns.NextAsk);
    }

    /// <summary>Rows come, end and fail in any way; whoever is read from time to time, as the lane's loop reads.</summary>
    [Fact]
    public void In_any_history_only_the_oldest_of_a_key_goes_and_all_of_them_go() =>
        Prop.ForAll(ArbMap.Default.ArbFor<int>(), seed => new History(seed).Run()).Check(Config.QuickThrowOnFailure.WithMaxTest(300));

    private static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);

    private static KeyHead Head(long key, double waitsFor = 0) => new(key, new LaneEntry(Guid.NewGuid(), default, default, Seconds(waitsFor)));

    private sealed class History(int seed)
    {
        private const int Keys = 4;

        private readonly Random _random = new(seed);
        private readonly KeyTurns _turns = new();
        private readonly List<Row> _rows = [];
        private readonly List<Row> _inHand = [];
        private readonly List<long> _ended = [];
        private TimeSpan _now;

        private sealed record Row(Guid Id, long Key)
        {
            public TimeSpan DueAt { get; set; }

            public bool HasEnded { get; set; }
        }

        public bool Run()
        {
            var isRight = true;
            for (var step = 0; step < 200 && isRight; step++)
            {
                isRight = Step();
            }

            // Key 0 fails for ever; nobody else waits for it.
            for (var round = 0; round < 1_000 && isRight && _rows.Any(row => !row.HasEnded && row.Key != 0); round++)
            {
                _now += Seconds(1);
                Read(page: Keys);
                while (isRight && _turns.Ready > 0)
                {
                    isRight = Take();
                }

                _inHand.ToList().ForEach(row => Finish(row, fails: row.Key == 0));
            }

            return isRight && _rows.All(row => row.HasEnded || row.Key == 0);
        }

        private bool Step()
        {
            switch (_random.Next(8))
            {
                case 0 or 1:
                    _rows.Add(new Row(Guid.NewGuid(), _random.Next(Keys)) { DueAt = _now });
                    break;
                case 2:
                    _now += Seconds(_random.NextDouble() * 3);
                    break;
                case 3:
                    Read(_random.Next(Keys + 1));
                    break;
                case 4 or 5 when _turns.Ready > 0:
                    return Take();
                case 6 when _inHand.Count > 0:
                    Finish(_inHand[_random.Next(_inHand.Count)], fails: _random.Next(2) == 0);
                    break;
                case 7 when _rows.Count > 0 && _random.Next(4) == 0:
                    // By somebody else, as a canceler does.
                    _rows[_random.Next(_rows.Count)].HasEnded = true;
                    break;
            }

            return true;
        }

        private bool Take()
        {
            var head = _turns.Take();
            var row = _rows.Single(one => one.Id == head.Entry.Id);
            var isOldest = row.HasEnded || _rows.First(one => one.Key == row.Key && !one.HasEnded) == row;
            var isAlone = _inHand.TrueForAll(other => other.Key != row.Key);
            _inHand.Add(row);
            return isOldest && isAlone && row.DueAt <= _now;
        }

        private void Finish(Row row, bool fails)
        {
            _inHand.Remove(row);
            _ended.Add(row.Key);
            if (fails && !row.HasEnded)
            {
                row.DueAt = _now + Seconds(_random.Next(1, 4));
            }
            else
            {
                row.HasEnded = true;
            }
        }

        private void Read(int page)
        {
            _ended.ForEach(_turns.Ended);
            _ended.Clear();
            var asked = _turns.TakeKeysToAsk(_now, limit: 2);
            var heads = _rows.Where(row => !row.HasEnded).GroupBy(row => row.Key).Select(rows => rows.First()).ToList();
            foreach (var head in heads.Where(row => asked.Contains(row.Key)).Concat(heads.OrderBy(row => row.Key).Take(page)))
            {
                _turns.Found(new KeyHead(head.Key, new LaneEntry(head.Id, default, default, head.DueAt - _now)), _now);
            }
        }
    }
}

namespace Webhooks.Broker.Consuming;

/// <summary>Says whether messages are wanted at present, and tells whoever waits when that changes.</summary>
internal sealed class PauseSwitch
{
    private readonly Lock _lock = new();
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _isWanted = true;

    /// <summary>Are they wanted?</summary>
    /// <param name="changed">Completes when the answer is another one.</param>
    public bool IsWanted(out Task changed)
    {
        lock (_lock)
        {
            changed = _changed.Task;
            return _isWanted;
        }
    }

    public void Want(bool isWanted)
    {
        lock (_lock)
        {
            if (_isWanted != isWanted)
            {
                _isWanted = isWanted;
                var before = _changed;
                _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                before.TrySetResult();
            }
        }
    }
}
